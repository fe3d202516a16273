// Command bot-gotd is a music bot for the voice chats of Telegram groups, with gotd/td as its MTProto client. README.md says what to set.
//
//	go run . -dry ../../testdata/song.mp3   # without an account: plays to a Telegram on this machine
//	go run .                                # with an account, until Ctrl-C
//
// What is Telegram's is in groupcalls.go and updates.go; the commands are in package player.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"gotgcall/examples/player"
)

func main() {
	song := flag.String("dry", "", "play this song to a Telegram on this machine, without an account")
	flag.Parse()
	run := serve
	if *song != "" {
		run = func(ctx context.Context) error { return player.Dry(ctx, *song, os.Stdout) }
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for goodbyes
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bot-gotd:", err)
		os.Exit(1)
	}
}
