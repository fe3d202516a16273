//go:build unix

package main

import (
	"context"
	"errors"

	"gotgcall"
)

// operations of a call that is connected, by their weight.
var operations = []struct {
	name   string
	weight int
	do     func(w *walker, ctx context.Context) error
}{
	{"wait", 12, (*walker).wait},
	{"SetStreamSources", 8, func(w *walker, _ context.Context) error { return w.play() }},
	{"wait for the end", 2, (*walker).waitForTheEnd},
	{"Pause", 3, func(w *walker, _ context.Context) error { return second(w.client.Pause(w.chat)) }},
	{"Resume", 5, func(w *walker, _ context.Context) error { return second(w.client.Resume(w.chat)) }},
	{"Mute", 2, func(w *walker, _ context.Context) error { return second(w.client.Mute(w.chat)) }},
	{"Unmute", 2, func(w *walker, _ context.Context) error { return second(w.client.Unmute(w.chat)) }},
	{"SeekBy", 5, func(w *walker, _ context.Context) error { return w.client.SeekBy(w.chat, w.dice.Int64N(8000)-4000) }},
	{"SetVolume", 1, func(w *walker, _ context.Context) error { return w.client.SetVolume(w.chat, 0.5+w.dice.Float64()) }},
	{"SetSpeed", 1, func(w *walker, _ context.Context) error { return w.client.SetSpeed(w.chat, 0.5+w.dice.Float64()) }},
	{"Time", 1, func(w *walker, _ context.Context) error { return second(w.client.Time(w.chat)) }},
	{"Diagnose", 1, func(w *walker, _ context.Context) error { return second(w.client.Diagnose(w.chat)) }},
	{"CreateCall", 1, func(w *walker, _ context.Context) error { return second(w.client.CreateCall(w.chat)) }},
	{"Connect", 1, func(w *walker, _ context.Context) error { return w.client.Connect(w.chat, w.answer) }},
	{"Rejoin", 1, func(w *walker, _ context.Context) error { return w.rejoin() }},
	{"Playlist.Next", 2, func(w *walker, _ context.Context) error {
		if w.now.list == nil {
			return nil
		}
		return w.now.list.Next()
	}},
	{"Calls", 1, func(w *walker, _ context.Context) error {
		if _, ok := w.client.Calls()[w.chat]; !ok {
			return errors.New("the call is not there")
		}
		return nil
	}},
	{"Probe", 1, func(w *walker, ctx context.Context) error {
		return second(w.client.Probe(context.WithoutCancel(ctx), gotgcall.FromFile(w.shelf.mp3)))
	}},
	{"a blackout", 1, func(w *walker, _ context.Context) error { return w.blackout(1 + w.dice.IntN(15)) }},
	{"a long blackout", 1, func(w *walker, _ context.Context) error {
		if w.dice.IntN(10) > 0 {
			return nil
		}
		return w.blackout(40)
	}},
}

func second[T any](_ T, err error) error { return err }
