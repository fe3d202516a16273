//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"gotgcall"
)

// driver is one of those who drive a call: a goroutine with dice of its own.
type driver struct {
	*walker
	ctx  context.Context
	dice *rand.Rand
}

// round lets all who drive a call do something at the same time, and returns when they have.
func (w *walker) round(ctx context.Context) {
	var all sync.WaitGroup
	for i, dice := range w.drivers[:1+w.drivers[0].IntN(len(w.drivers))] {
		own := controls
		if i == 0 {
			own = operations
		}
		all.Go(func() {
			d := driver{w, ctx, dice}
			for n := 1 + dice.IntN(4); n > 0 && ctx.Err() == nil; n-- {
				o := own.draw(dice)
				w.timed(o.name, func() error { return o.do(d) })
			}
		})
	}
	all.Wait()
}

// play starts another song.
func (d driver) play() error {
	next, err := d.shelf.pick(d.dice, fmt.Sprintf("%d-%d", d.chat, d.songs.Add(1)), d.fake)
	if err != nil {
		return err
	}
	switch err = d.client.SetStreamSources(d.chat, next.source, next.options); {
	case err == nil:
		d.books.takes(count(next.tracks))
		d.note(func(r *record) { r.started = append(r.started, next) })
	case errors.Is(err, gotgcall.ErrNotConnected), errors.Is(err, gotgcall.ErrConnectionNotFound), errors.Is(err, gotgcall.ErrConnectionFailed):
		d.note(func(r *record) { r.doubtful = append(r.doubtful, next) })
	default:
		next.remove()
	}
	return err
}

// move changes the position, the volume or the speed.
func (d driver) move(do func() error) error {
	d.note(func(r *record) { r.moved = true })
	return do()
}

// next goes to the next track of the list that has played at the last look.
func (d driver) next() error {
	if d.ledger.playing == nil || d.ledger.playing.list == nil {
		return nil
	}
	return d.ledger.playing.list.Next()
}

// end stops the call under the hands of the others.
func (d driver) end() error {
	if d.stays || d.dice.IntN(10) > 0 {
		return nil
	}
	d.gone.Store(true)
	d.note(func(r *record) { r.stopped = true })
	return d.client.Stop(d.chat)
}

// create is refused as long as the call lives. It takes the place of one that has failed: that is stopped.
func (d driver) create() error {
	_, err := d.client.CreateCall(d.chat)
	if err == nil {
		d.gone.Store(true)
		d.note(func(r *record) { r.stopped = true })
	}
	return err
}

// rejoin gives the call another connection, in which what plays goes on.
func (d driver) rejoin() error {
	if d.casts {
		return nil
	}
	params, err := d.client.Rejoin(d.chat)
	if err != nil {
		return err
	}
	return d.connect(params)
}
