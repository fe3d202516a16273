// Command preview shows what a group call would hear and see of a bot, without an account and without a group: it serves a page on this
// machine whose own RTCPeerConnection plays the group-call server. What is heard there is what a WebRTC client of a browser receives from the library.
//
//	go run ./examples/preview                        # the song and the clip in testdata
//	go run ./examples/preview song.mp3 film.mp4      # yours, one after the other; an address (https://…) will do as well
//	go run ./examples/preview -folder ~/Music        # something to choose from
//
// What a bot has to do is in bot.go, in the order in which a bot does it, and what it can do while it plays in commands.go. The rest is the page
// and the server's part of the wire: offer.go and answer.go.
//
// The exit code is 0 after Ctrl-C, 1 when the page cannot be served, and 2 when the flags are not usable.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

const (
	exitGood = iota
	exitBad
	exitUnusable
)

// defaultPort is where the page is looked for, unless it is taken.
const defaultPort = 8350

// settings are what the command line says.
type settings struct {
	folder string   // what the page may choose from
	first  []choice // what is played as soon as somebody listens
	port   int
	open   bool // have the browser opened
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program, with what it takes from the system as arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitGood
	}
	code := exitUnusable
	if err == nil {
		err, code = serve(ctx, s, stdout), exitBad
	}
	if err == nil {
		return exitGood
	}
	fmt.Fprintln(stderr, "preview:", err)
	return code
}

func parse(args []string, help io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("preview", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and the caller's to print
	flags.StringVar(&s.folder, "folder", "", "the folder whose files the page may choose from (default: that of the first file)")
	flags.IntVar(&s.port, "port", defaultPort, "the port of the page; when it is taken, the next free one")
	flags.BoolVar(&s.open, "open", false, "open the page in the browser")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, "usage: preview [flags] [song or film…]\n\nServes a page that hears and sees what a group call would of a bot.\n\n")
		flags.SetOutput(help)
		flags.PrintDefaults()
		return s, err
	case err != nil:
		return s, fmt.Errorf("%w; -h lists the flags", err)
	case s.port < 1 || s.port > lastPort:
		return s, fmt.Errorf("-port %d, expected 1 to %d", s.port, lastPort)
	}
	names := flags.Args()
	if len(names) == 0 && s.folder == "" {
		names = []string{testdata("song.mp3"), testdata("flashbeep.mp4")}
	}
	for _, name := range names {
		if isAddress(name) {
			s.first = append(s.first, choice{Kind: kindURL, Name: name})
			continue
		}
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			err = errors.New("it is a folder, which -folder takes")
		}
		if err != nil {
			return s, fmt.Errorf("%q cannot be played, expected a file or an address: %w", name, err)
		}
		s.first = append(s.first, choice{Kind: kindGiven, Name: name})
		if s.folder == "" {
			s.folder = filepath.Dir(name)
		}
	}
	if s.folder == "" {
		s.folder = "."
	}
	return s, nil
}

// testdata looks for a file of the project in the working folder and in those above it.
func testdata(name string) string {
	for dir, _ := os.Getwd(); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "testdata", name)
		if _, err := os.Stat(path); err == nil || dir == filepath.Dir(dir) {
			return path
		}
	}
}
