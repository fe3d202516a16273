//go:build unix

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gotgcall"
)

// operation is something to be done with a call.
type operation struct {
	name   string
	weight int
	do     func(d driver) error
}

type choice []operation

// draw chooses one.
func (c choice) draw(dice *rand.Rand) operation {
	sum := 0
	for _, o := range c {
		sum += o.weight
	}
	n := dice.IntN(sum)
	for _, o := range c {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	panic("unreachable: n is below the sum of the weights")
}

// controls are what all who drive a call do.
var controls = choice{
	{"wait a little", 4, func(d driver) error { return d.wait(100 * time.Millisecond) }},
	{"Pause", 4, func(d driver) error { return d.pause() }},
	{"Resume", 6, func(d driver) error { return d.unfreeze() }},
	{"Mute", 2, func(d driver) error { return d.mute() }},
	{"Unmute", 3, func(d driver) error { return d.unmute() }},
	{"SeekBy", 4, func(d driver) error {
		return d.move(func() error { return d.client.SeekBy(d.chat, d.dice.Int64N(8000)-4000) })
	}},
	{"SetVolume", 1, func(d driver) error {
		return d.move(func() error { return d.client.SetVolume(d.chat, 0.5+d.dice.Float64()) })
	}},
	{"SetSpeed", 1, func(d driver) error {
		return d.move(func() error { return d.client.SetSpeed(d.chat, 0.5+d.dice.Float64()) })
	}},
	{"Time", 1, func(d driver) error { return second(d.client.Time(d.chat)) }},
	{"Stats", 1, func(d driver) error { return second(d.client.Stats(d.chat)) }},
	{"Diagnose", 1, func(d driver) error { return second(d.client.Diagnose(d.chat)) }},
	{"Playlist.Next", 1, driver.next},
	{"SetStreamSources", 3, driver.play},
	{"Stop", 1, driver.end},
}

// operations are what the first one of them does.
var operations = append(choice{
	{"wait", 12, func(d driver) error { return d.wait(2 * time.Second) }},
	{"SetStreamSources", 8, driver.play},
	{"Resume", 3, func(d driver) error { return d.unfreeze() }},
	{"CreateCall", 1, driver.create},
	{"Connect", 1, func(d driver) error { return d.client.Connect(d.chat, d.answer) }},
	{"Rejoin", 1, driver.rejoin},
	{"Calls", 1, func(d driver) error {
		if _, ok := d.client.Calls()[d.chat]; !ok && !d.gone.Load() {
			return errors.New("the call is not there")
		}
		return nil
	}},
	{"Probe", 1, func(d driver) error {
		return second(d.client.Probe(context.WithoutCancel(d.ctx), gotgcall.FromFile(d.shelf.mp3)))
	}},
	{"a blackout", 1, func(d driver) error { return d.blackout(1 + d.dice.IntN(15)) }},
	{"a long blackout", 1, func(d driver) error {
		if d.dice.IntN(10) > 0 {
			return nil
		}
		return d.blackout(40)
	}},
}, controls...)

func second[T any](_ T, err error) error { return err }

// wait lets time pass.
func (d driver) wait(most time.Duration) error {
	select {
	case <-d.ctx.Done():
	case <-time.After(time.Duration(d.dice.Int64N(int64(most)))):
	}
	return nil
}

// blackout cuts the network of the call for so long.
func (d driver) blackout(seconds int) error {
	if d.casts {
		return nil
	}
	length := time.Duration(seconds) * time.Second
	d.walker.dark = time.Now().Add(length)
	d.server.Endpoint(d.chat).BlackoutFor(length)
	return nil
}
