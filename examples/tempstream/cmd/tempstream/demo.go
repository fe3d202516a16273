package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"gotgcall/examples/tempstream/internal/app"
	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
)

// demoTTL is how long the demo's link lasts.
const demoTTL = time.Hour

// demo is the whole service for once, with a broadcaster: nothing of it remains.
func (p program) demo(ctx context.Context, args []string) (err error) {
	flags := newFlags("demo")
	addr := flags.String("addr", "", "listen there instead of 127.0.0.1:8080")
	if err := parse(flags, args, 0, 1, "one film at most"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tempstream-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	rtmp, err := freeAddr("127.0.0.1:0")
	if err != nil {
		return err
	}
	if *addr == "" {
		if *addr, err = freeAddr("127.0.0.1:8080"); err != nil {
			*addr = "127.0.0.1:0"
		}
	}
	c, err := config.Load(map[string]string{
		"HTTP_ADDR": *addr, "ADMIN_ADDR": "127.0.0.1:0", "RTMP_ADDR": rtmp, "DB_PATH": filepath.Join(dir, "db.sqlite"),
		"COOKIE_SECURE": "false", "LOG_LEVEL": p.environ["LOG_LEVEL"], "FFMPEG": p.environ["FFMPEG"],
	})
	if err != nil {
		return err
	}
	if p.environ["LOG_LEVEL"] == "" {
		c.LogLevel = slog.LevelWarn // the keys are what is to be read here
	}
	a, err := app.New(ctx, c, slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: c.LogLevel})))
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.Run(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	_, url, err := a.NewLink(ctx, store.LinkOptions{TTL: demoTTL, Label: "demo", By: "demo"})
	if err != nil {
		return err
	}
	film := flags.Arg(0)
	if film == "" {
		film = filepath.Join(dir, "card.mp4")
		if err := card(ctx, c.FFmpeg, film); err != nil {
			return err
		}
	}
	b, err := startBroadcast(ctx, "rtmp://"+rtmp+"/live/stream", film)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\n  %s\n\nOpen it in a browser, within an hour.\np, r, q and Enter: pause, resume, stop\n", url)
	err = p.conduct(ctx, a, b)
	a.Announce(media.Ended) // who watches hears it before the service is gone
	return errors.Join(err, b.stop())
}

// conduct does what the keys say until the demo is stopped.
func (p program) conduct(ctx context.Context, a *app.App, b *broadcast) error {
	keys := make(chan byte)
	go p.readKeys(ctx, keys)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-b.ended:
			if err != nil {
				return fmt.Errorf("the broadcast broke: %w", err)
			}
			fmt.Fprintln(p.stdout, "the film is over; q stops the demo")
			a.Announce(media.Ended)
		case key := <-keys:
			if key == 'q' {
				fmt.Fprintln(p.stdout, "stopped")
				return nil
			}
			if err := p.press(a, b, key); err != nil {
				return err
			}
		}
	}
}

// press pauses and resumes. Viewers are told of a pause before it begins, and of its end after it.
func (p program) press(a *app.App, b *broadcast, key byte) error {
	switch key {
	case 'p':
		fmt.Fprintln(p.stdout, "paused; r resumes")
		a.Announce(media.Paused)
		return b.pause()
	case 'r':
		fmt.Fprintln(p.stdout, "live")
		err := b.resume()
		a.Announce(media.Live)
		return err
	}
	return nil
}

// readKeys ends with ctx or the program: nothing interrupts a terminal's read.
func (p program) readKeys(ctx context.Context, keys chan<- byte) {
	in := bufio.NewReader(p.stdin)
	for key, err := in.ReadByte(); err == nil; key, err = in.ReadByte() {
		select {
		case keys <- key:
		case <-ctx.Done():
			return
		}
	}
}

// freeAddr returns an address that nobody listens on at the moment; port 0 stands for any.
func freeAddr(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
