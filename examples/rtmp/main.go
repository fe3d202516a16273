// Command rtmp pushes a film to an RTMP server as a live broadcast and shows its progress. It needs no Telegram account.
//
//	go run ./examples/rtmp                                # the clip in testdata, to a server that is started for it
//	go run ./examples/rtmp -seek 10s -pause -switch song.mp3 film.mp4
//	go run ./examples/rtmp -to rtmp://host/app/key film.mp4  # to yours; an address (https://…) will do as well as a file
//
// What a bot has to do is in broadcast.go, in the order in which a bot does it. Without -to the server is an ffmpeg that records what arrives;
// in the end the recording is compared with the clock.
//
// The exit code is 0 when everything was as it should be, 1 when the broadcast broke or the recording is not what was sent, and 2 when the
// flags or the film are not usable. The stream key is never printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"gotgcall"
)

const (
	exitGood = iota
	exitBad
	exitUnusable
)

// settings are what the command line says.
type settings struct {
	to, recording string // to is "" for a server of our own, which writes the recording
	film, next    string // next is switched to in the middle; "" for none
	pause, mute   bool
	seek          time.Duration // so far the position is moved in the middle; 0 for not at all
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
		err, code = perform(ctx, s, stdout), exitBad
	}
	if err == nil {
		return exitGood
	}
	for _, unusable := range []error{
		gotgcall.ErrFile, gotgcall.ErrFormat, gotgcall.ErrSourceTimeout, gotgcall.ErrInvalidParams, gotgcall.ErrFFmpegSpawn, errRecording,
	} {
		if errors.Is(err, unusable) {
			code = exitUnusable
		}
	}
	fmt.Fprintln(stderr, "rtmp:", err)
	return code
}

func parse(args []string, help io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("rtmp", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and the caller's to print
	flags.StringVar(&s.to, "to", "", "push to this address, rtmp or rtmps, with the stream key (default: a server that this program starts)")
	flags.StringVar(&s.recording, "o", filepath.Join(os.TempDir(), "gotgcall-rtmp.flv"), "file for what the started server gets, FLV")
	flags.StringVar(&s.next, "switch", "", "switch to this film or song in the middle")
	flags.DurationVar(&s.seek, "seek", 0, "move the position by so much in the middle, such as 10s or -10s")
	flags.BoolVar(&s.pause, "pause", false, "pause for 3 s in the middle")
	flags.BoolVar(&s.mute, "mute", false, "mute for 2 s in the middle")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, "usage: rtmp [flags] [film]\n\nPushes a film (a file or an address; testdata/flashbeep.mp4 without one) to an RTMP server.\n\n")
		flags.SetOutput(help)
		flags.PrintDefaults()
		return s, err
	case err != nil:
		return s, fmt.Errorf("%w; -h lists the flags", err)
	case flags.NArg() > 1: // not shown: one of them may be a stream key without its flag
		return s, fmt.Errorf("%d films, expected one at most, behind the flags; quote a name that has spaces", flags.NArg())
	}
	if s.film = flags.Arg(0); s.film == "" {
		s.film = findClip()
	}
	recording, _ := os.Stat(s.recording) // nil for a new file: the same as no other
	for _, name := range []string{s.film, s.next} {
		if info, err := os.Stat(name); err == nil && s.to == "" && os.SameFile(info, recording) {
			return s, fmt.Errorf("%q would be overwritten by the recording; name another file for that with -o", name)
		}
	}
	return s, nil
}

// findClip looks for the clip in the working folder and in those above it.
func findClip() string {
	for dir, _ := os.Getwd(); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "testdata", "flashbeep.mp4")
		if _, err := os.Stat(path); err == nil || dir == filepath.Dir(dir) {
			return path
		}
	}
}

// addressOf returns what may be printed of an address, and whether it is one: a file's name is not.
func addressOf(name string) (string, bool) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" {
		return filepath.Base(name), false
	}
	return u.Scheme + "://" + u.Host + "/…", true
}
