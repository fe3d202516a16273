//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// The limits of what must not hang: ten times what the library promises, for machines that are busy.
const (
	operationLimit = 2 * time.Minute
	endLimit       = 100 * time.Second  // of a song that is to end by itself, by its stalling, or a minute after a Rejoin that failed
	walkLimit      = 4 * operationLimit // of what is left to do when the time is up: an operation, Stop, what is told of them, and Close
)

// walker is one call, over and over: it does what its dice say, and keeps account of what comes of it.
type walker struct {
	// set at construction
	chat   int64
	client *gotgcall.Client
	server *sfutest.Server
	shelf  *shelf
	books  *books
	dice   *rand.Rand
	beacon *beacon // its client's
	fake   bool    // its client has the fake ffmpeg

	// owned by the walker's goroutine
	ledger ledger
	songs  int
	now    song            // the one that was started last
	answer string          // to the last join
	lists  map[string]bool // of the songs, those that have several tracks
	casts  bool            // it is a broadcast this time

	ends atomic.Int64 // that have been told
}

// walk goes on until ctx ends; then the call is stopped. A call that has failed, or that the dice end, is followed by another one in the same chat.
func (w *walker) walk(ctx context.Context) {
	for ctx.Err() == nil {
		if w.join() {
			w.live(ctx)
		}
		w.leave()
	}
	w.books.post(w.ledger.account)
}

// live is the life of a connected call: some operations.
func (w *walker) live(ctx context.Context) {
	sum := 0
	for _, o := range operations {
		sum += o.weight
	}
	for range 5 + w.dice.IntN(60) {
		n, i := w.dice.IntN(sum), 0
		for n -= operations[0].weight; n >= 0; n -= operations[i].weight {
			i++
		}
		o := operations[i]
		w.timed(o.name, func() error { return o.do(w, ctx) })
		w.look("")
		if s, err := w.client.Stats(w.chat); ctx.Err() != nil || err != nil || s.State == gotgcall.Failed {
			return
		}
	}
}

// allowed are the errors that what a walk does may have; all others are violations.
var allowed = []error{
	gotgcall.ErrFile, gotgcall.ErrFormat, gotgcall.ErrFFmpegCrashed, gotgcall.ErrSourceTimeout, gotgcall.ErrNoSource, gotgcall.ErrSeekUnsupported,
	gotgcall.ErrNotConnected, gotgcall.ErrConnectionExists, gotgcall.ErrConnectionTimeout, gotgcall.ErrConnectionFailed, gotgcall.ErrBusy,
	gotgcall.ErrPassthrough, gotgcall.ErrStalled, gotgcall.ErrWrongMode,
}

// timed does an operation, of which it is known how it may end, and that it does.
func (w *walker) timed(name string, do func() error) {
	hangs := time.AfterFunc(operationLimit, func() {
		stacks := make([]byte, 4<<20)
		w.books.violation("call %d: %s has not returned after %s\n%s", w.chat, name, operationLimit, stacks[:runtime.Stack(stacks, true)])
	})
	err := do()
	hangs.Stop()
	refusal := ""
	for _, a := range allowed {
		if errors.Is(err, a) {
			refusal = a.Error()
		}
	}
	if err != nil && refusal == "" {
		w.books.violation("call %d: %s: %v", w.chat, name, err)
	}
	w.books.operation(refusal)
}

// join connects the call, or begins a broadcast. It reports whether there is one.
func (w *walker) join() (connected bool) {
	if w.casts = w.fake && w.dice.IntN(4) == 0; w.casts {
		w.timed("StartRTMP", func() error {
			err := w.client.StartRTMP(w.chat, "rtmp://127.0.0.1/live/key")
			connected = err == nil
			return err
		})
		return connected
	}
	w.timed("join", func() error {
		params, err := w.client.CreateCall(w.chat)
		if err != nil {
			return err
		}
		answer, err := w.server.Join(w.chat, params)
		if err != nil {
			return err
		}
		w.answer = answer
		err = w.client.Connect(w.chat, answer)
		connected = err == nil
		return err
	})
	return connected
}

// rejoin gives the call another connection, in which what plays goes on.
func (w *walker) rejoin() error {
	if w.casts {
		return nil
	}
	params, err := w.client.Rejoin(w.chat)
	if err != nil {
		return err
	}
	if w.answer, err = w.server.Join(w.chat, params); err != nil {
		return err
	}
	return w.client.Connect(w.chat, w.answer)
}

// leave ends the call and closes its books.
func (w *walker) leave() {
	w.stop()
	w.await()
	if err := w.ledger.stop(int(w.ends.Load())); err != nil {
		w.books.violation("call %d: %v", w.chat, err)
	}
	w.now.remove()
	w.now = song{}
}

func (w *walker) stop() {
	w.timed("Stop", func() error { return w.client.Stop(w.chat) })
}

// play starts another song.
func (w *walker) play() error {
	w.songs++
	next, err := w.shelf.pick(w.dice, fmt.Sprintf("%d-%d", w.chat, w.songs), w.fake)
	if err != nil {
		return err
	}
	if next.name == w.now.name && next.files == nil { // one that could not be told from the last
		return nil
	}
	w.lists[next.name] = len(next.files) > 1
	if err := w.client.SetStreamSources(w.chat, next.source, next.options); err != nil {
		next.remove()
		return err
	}
	w.look(next.name)
	w.now.remove()
	w.now = next
	return nil
}

// wait lets time pass.
func (w *walker) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(w.dice.Int64N(int64(2 * time.Second)))):
	}
	return nil
}

// waitForTheEnd waits until what plays is over: that has to be told.
func (w *walker) waitForTheEnd(ctx context.Context) error {
	if w.now.endless || w.ledger.playing == "" || w.ledger.playing == w.shelf.radioName() {
		return nil
	}
	if _, err := w.client.Resume(w.chat); err != nil {
		return err
	}
	deadline := time.Now().Add(endLimit)
	for w.ends.Load() == int64(w.ledger.ends) && ctx.Err() == nil {
		if time.Now().After(deadline) {
			return fmt.Errorf("the end of %s was never told", w.ledger.playing) // which is not allowed
		}
		time.Sleep(10 * time.Millisecond) // the interval of polling
	}
	return nil
}

func (w *walker) blackout(seconds int) error {
	if !w.casts {
		w.server.Endpoint(w.chat).BlackoutFor(time.Duration(seconds) * time.Second)
	}
	return nil
}

// look settles the account with what Stats say, and with the ends that were told before. started is as of ledger.settle.
func (w *walker) look(started string) {
	for {
		before, ok := w.plays()
		w.barrier()
		ends := int(w.ends.Load())
		after, still := w.plays()
		if !ok || !still {
			return // the call is gone; Stop's account knows the rest
		}
		if before != after {
			continue // something has ended meanwhile: look again
		}
		if last := cmp.Or(started, w.ledger.playing); after == "" && w.lists[last] && ends == w.ledger.ends {
			after = last // between two of its tracks
		}
		if err := w.ledger.settle(started, after, ends); err != nil {
			w.books.violation("call %d: %v", w.chat, err)
		}
		return
	}
}

// plays describes what plays.
func (w *walker) plays() (name string, ok bool) {
	s, err := w.client.Stats(w.chat)
	return nameOf(s.Source), err == nil
}

// barrier returns when all that had happened before has been told.
func (w *walker) barrier() {
	state, err := w.client.GetState(w.chat)
	if err != nil {
		return
	}
	settle := w.client.Unmute // which returns when the goroutine that plays has seen it; it changes nothing
	if state.Muted {
		settle = w.client.Mute
	}
	_, _ = settle(w.chat) // refused where the call has failed: what that has ended is to be told all the same
	w.await()
}

// await returns when what has been posted before has been told.
func (w *walker) await() {
	if !w.beacon.pass(operationLimit) {
		w.books.violation("call %d: OnUpgrade was not called within %s", w.chat, operationLimit)
	}
}
