// Package page is what viewers see: the page that plays the stream, and the one that says why it does not. It needs nothing from another host, and no
// script stands in the page itself. The scripts load the stream from /play/index.m3u8 and hear of its state at /play/events.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"time"
)

// defaultTitle is the heading of a stream without one.
const defaultTitle = "Live stream"

//go:embed static
var static embed.FS

//go:embed templates
var sources embed.FS

var templates = template.Must(template.ParseFS(sources, "templates/*.html"))

// Files are what the pages load, to be served under /static/.
func Files() fs.FS {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}

// View is what a viewer's page shows.
type View struct {
	Title   string    // the heading. It defaults to "Live stream"
	Label   string    // of the link; empty for none
	Expires time.Time // of the link; zero for a permanent one
}

// watch is a View as its template needs it.
type watch struct {
	View
	Off notice
}

// Machine is the expiry for programs.
func (w watch) Machine() string { return w.Expires.UTC().Format(time.RFC3339) }

// Human is the expiry for people whose browser does not say it in their own way.
func (w watch) Human() string { return w.Expires.UTC().Format("Mon 2 Jan 2006 15:04 MST") }

// Left is for how many more seconds the link works: the clock of the viewer's device may be wrong.
func (w watch) Left() int { return max(0, int(time.Until(w.Expires)/time.Second)) }

// Watch writes the page that plays the stream.
func Watch(w io.Writer, v View) error {
	if v.Title == "" {
		v.Title = defaultTitle
	}
	return write(w, "watch.html", watch{v, notices[LinkOff]})
}

// Kind is why there is nothing to watch.
type Kind int

const (
	// LinkOff: the link is unknown, malformed, expired or switched off. Which of them, a guesser is not told.
	LinkOff Kind = iota
	// TooMany: too many wrong links were tried from one address.
	TooMany
)

// notice is what a page without a picture says.
type notice struct{ Title, Text string }

var notices = map[Kind]notice{
	LinkOff: {"This link does not work", "It may have expired or been switched off, or a part of it is missing. Ask whoever gave it to you for a new one."},
	TooMany: {"Too many attempts", "Wait a minute, and open your link again."},
}

// Message writes a page that says why there is nothing to watch.
func Message(w io.Writer, k Kind) error {
	n, ok := notices[k]
	if !ok {
		return fmt.Errorf("there is no message of the kind %d", k)
	}
	return write(w, "message.html", n)
}

func write(w io.Writer, name string, data any) error {
	if err := templates.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("writing the page %s: %w", name, err)
	}
	return nil
}
