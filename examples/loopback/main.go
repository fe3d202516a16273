// Command loopback plays a song or a film into a group call that takes place inside this process, over real UDP and with real ffmpeg, and
// shows what a listener gets. It needs no Telegram account.
//
//	go run ./examples/loopback                     # the song in testdata
//	go run ./examples/loopback song.mp3            # yours; an address (https://…) will do as well
//	go run ./examples/loopback -pause -switch other.mp3 song.mp3
//	go run ./examples/loopback -film testdata/flashbeep.mp4  # with the picture; this clip shows how far the two are apart
//	go run ./examples/loopback -film -loss 0.1 -delay 50ms film.mp4
//
// What a bot has to do is in call.go, in the order in which a bot does it. The rest measures and reports.
//
// The exit code is 0 when everything was as it should be, 1 when packets were lost or rules broken, the stream ended with an error or
// something was left behind, and 2 when the flags or the song are not usable.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const (
	exitGood = iota
	exitBad
	exitUnusable
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := demo(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// demo is the program, with what it takes from the system as arguments.
func demo(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseSettings(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitGood
	}
	if err != nil {
		fmt.Fprintln(stderr, "loopback:", err)
		return exitUnusable
	}
	steps := stdout
	if s.json {
		steps = stderr // stdout is the summary's alone
	}
	result, err := run(ctx, s, newScreen(steps, s.verbose))
	if err != nil {
		fmt.Fprintln(stderr, "loopback:", err)
		return exitCode(err)
	}
	if s.json {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(result)
	} else {
		err = result.print(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "loopback: writing the summary:", err)
		return exitBad
	}
	if len(result.Failures) > 0 {
		return exitBad
	}
	return exitGood
}
