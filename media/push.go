package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// PushTarget is the checked address of a server that takes a broadcast.
type PushTarget struct {
	url     string
	shown   string
	tls     bool
	secrets []string
}

// ParsePushTarget checks a URL with a stream key: rtmp or rtmps, a host and a path, with more in it than the application's name and a slash. What is wrong
// with it is ErrInvalidParams; the text shows nothing of the URL but its scheme.
func ParsePushTarget(s string) (PushTarget, error) {
	fail := func(format string, args ...any) (PushTarget, error) {
		return PushTarget{}, fmt.Errorf("%w: the RTMP URL %s", models.ErrInvalidParams, fmt.Sprintf(format, args...))
	}
	scheme := schemeOf(s)
	switch {
	case s == "":
		return fail("is empty: give the server URL and the stream key of phone.getGroupCallStreamRtmpUrl, one after the other")
	case scheme != "rtmp" && scheme != "rtmps":
		return fail("begins with neither rtmp:// nor rtmps://")
	}
	rest, problem := splitURL(scheme, s)
	if problem != "" {
		return fail("%s", problem)
	}
	path := rest[indexAny(rest, "/?#"):]
	elements := strings.FieldsFunc(path[:indexAny(path, "?#")], func(r rune) bool { return r == '/' })
	switch {
	case len(elements) == 0:
		return fail("has no path: append the stream key")
	case len(elements) == 1 && strings.HasSuffix(path, "/"):
		return fail("ends with the name of its application: append the stream key, which phone.getGroupCallStreamRtmpUrl gives beside the URL")
	}
	// The key is the last element; with one before it, that is the name of the application. What follows a ? or # is as secret.
	secrets := []string{path[indexAny(path, "?#"):]}
	secrets = append(secrets, elements[min(1, len(elements)-1):]...)
	for _, pair := range strings.FieldsFunc(path[indexAny(path, "?#"):], func(r rune) bool { return strings.ContainsRune("?#&;", r) }) {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
	}
	secrets = slices.DeleteFunc(append(secrets, pathSecrets(rest)...), func(s string) bool { return s == "" })
	return PushTarget{url: scheme + "://" + rest, shown: shownTarget(scheme, rest, elements), tls: scheme == "rtmps", secrets: secrets}, nil
}

// shownTarget is the address without user, password and stream key.
func shownTarget(scheme, rest string, elements []string) string {
	host := rest[:indexAny(rest, "/?#")]
	host = host[strings.LastIndexByte(host, '@')+1:]
	if len(elements) > 1 {
		return scheme + "://" + host + "/" + elements[0] + "/***"
	}
	return scheme + "://" + host + "/***"
}

// String returns the address without user, password and stream key.
func (t PushTarget) String() string { return t.shown }

// ErrNoServer is wrapped by the error of a Push that found nobody listening: trying again costs the server nothing.
var ErrNoServer = errors.New("gotgcall: nobody listens there")

// ErrUntrusted is wrapped by the error of a Push to a server whose certificate is not trusted: trying again does not help.
var ErrUntrusted = errors.New("gotgcall: the server cannot be trusted")

// Push is an ffmpeg that encodes what it is given and publishes it.
type Push struct {
	job    *job
	target PushTarget
	live   chan struct{}
}

// Push begins to publish: H.264 and AAC in FLV, as o says. Input takes Matroska with raw sound and pictures.
func (t PushTarget) Push(ctx context.Context, o EncodeOptions) (*Push, error) {
	j, err := launch(ctx, ffmpeg.Command{Args: t.args(o.Complete()), Input: true, PipeSize: rawPipe, Unlimited: true, Secrets: t.secrets})
	if err != nil {
		return nil, err
	}
	p := &Push{job: j, target: t, live: make(chan struct{})}
	go p.watch(j.processes[0].Output(0))
	return p, nil
}

// watch reads the reports of ffmpeg until its end. The first one that counts bytes says that the server takes them.
func (p *Push) watch(reports io.Reader) {
	lines := bufio.NewScanner(reports)
	live := false
	for lines.Scan() {
		size, ok := strings.CutPrefix(lines.Text(), "total_size=")
		if ok && !live && size != "0" && size != "N/A" {
			live = true
			close(p.live)
		}
	}
}

// Input takes the Matroska stream. Its end is the end of the broadcast.
func (p *Push) Input() io.WriteCloser { return p.job.processes[0].Input() }

// Live is closed when the server takes what is published.
func (p *Push) Live() <-chan struct{} { return p.live }

// Done is closed when it is over; Err tells why.
func (p *Push) Done() <-chan struct{} { return p.job.processes[0].Done() }

// Err is nil while it lasts, and after an end that Input asked for.
func (p *Push) Err() error { return p.explain(p.job.processes[0].Err()) }

// explain says what the end of the process means.
func (p *Push) explain(err error) error {
	var exit *ffmpeg.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if name := missingEncoder(exit.Stderr); name != "" {
		return noEncoder(p.target.String(), name, exit)
	}
	if strings.Contains(exit.Stderr, "Connection refused") {
		err = fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	if strings.Contains(exit.Stderr, unverified) {
		err = fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	for _, c := range complaints {
		if strings.Contains(exit.Stderr, c.text) {
			return fmt.Errorf("%s: %s: %w", p.target, c.advice, err)
		}
	}
	return fmt.Errorf("%s: the server has refused or closed the connection: %w", p.target, err)
}

// Finish ends the broadcast politely: Input is closed, what it took is sent, the server is told. What needs longer than the timeout is killed.
func (p *Push) Finish(timeout time.Duration) error {
	err := p.explain(p.job.processes[0].Finish(timeout))
	return errors.Join(err, p.job.close())
}

// Close ends it at once.
func (p *Push) Close() error { return p.job.close() }
