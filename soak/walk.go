//go:build unix

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// The limits of what must not hang: ten times what the library promises, for machines that are busy.
const (
	operationLimit = 2 * time.Minute
	endLimit       = 100 * time.Second  // of a song that is to end by itself, by its stalling, or a minute after a Rejoin that failed
	walkLimit      = 4 * operationLimit // of what is left to do when the time is up: operations, Stop, what is told of them, and Close
)

// walker is one call, over and over: it does what its dice say, and keeps account of what comes of it.
type walker struct {
	// set at construction
	chat    int64
	client  *gotgcall.Client
	server  *sfutest.Server
	shelf   *shelf
	books   *books
	drivers []*rand.Rand // one of each who drives the call, the walker's own first
	beacon  *beacon      // its client's
	fake    bool         // its client has the fake ffmpeg
	stays   bool         // it stays in its call as long as that lives

	// owned by the walker's goroutine, which is the first driver
	ledger ledger
	answer string    // to the last join
	casts  bool      // it is a broadcast this time
	dark   time.Time // until when the network is cut

	songs atomic.Int64 // that were chosen
	gone  atomic.Bool  // somebody stops the call, or has

	mu      sync.Mutex // guards what follows
	record  record     // since the last look
	changes changes    // since the beginning of the call
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
	w.ledger.account = account{}
}

// live is the life of a connected call: rounds, in each of which all who drive it do something at the same time, and then nobody.
func (w *walker) live(ctx context.Context) {
	dice := w.drivers[0]
	for rounds := 3 + dice.IntN(30); rounds > 0 || w.stays; rounds-- {
		w.round(ctx)
		if ctx.Err() != nil || w.gone.Load() || !w.look() {
			return
		}
		w.checkSwitches()
		switch dice.IntN(12) {
		case 0:
			w.timed("wait for the end", func() error { return w.waitForTheEnd(ctx) })
			w.look()
		case 1, 2:
			w.listen(ctx)
		}
		if s, err := w.client.Stats(w.chat); ctx.Err() != nil || err != nil || s.State == gotgcall.Failed || s.State == gotgcall.Timeout {
			return
		}
	}
}

// allowed are the errors that what a walk does may have; all others are violations.
var allowed = []error{
	gotgcall.ErrFile, gotgcall.ErrFormat, gotgcall.ErrFFmpegCrashed, gotgcall.ErrSourceTimeout, gotgcall.ErrNoSource, gotgcall.ErrSeekUnsupported,
	gotgcall.ErrNotConnected, gotgcall.ErrConnectionExists, gotgcall.ErrConnectionTimeout, gotgcall.ErrConnectionFailed, gotgcall.ErrBusy,
	gotgcall.ErrPassthrough, gotgcall.ErrStalled, gotgcall.ErrWrongMode, context.Canceled, // another source won
}

// refusal returns which of the allowed errors an error is, nil when it is none.
func (w *walker) refusal(err error) error {
	for _, a := range allowed {
		if errors.Is(err, a) {
			return a
		}
	}
	if w.gone.Load() && errors.Is(err, gotgcall.ErrConnectionNotFound) {
		return gotgcall.ErrConnectionNotFound
	}
	return nil
}

// timed does an operation, of which it is known how it may end, and that it does.
func (w *walker) timed(name string, do func() error) {
	hangs := time.AfterFunc(operationLimit, func() {
		stacks := make([]byte, 4<<20)
		w.books.violation("call %d: %s has not returned after %s\n%s", w.chat, name, operationLimit, stacks[:runtime.Stack(stacks, true)])
	})
	err := do()
	hangs.Stop()
	text := ""
	if err != nil {
		if refusal := w.refusal(err); refusal != nil {
			text = refusal.Error()
		} else {
			w.books.violation("call %d: %s: %v", w.chat, name, err)
		}
	}
	w.books.operation(text)
}

// join connects the call, or begins a broadcast. It reports whether there is one.
func (w *walker) join() (connected bool) {
	w.gone.Store(false)
	w.mu.Lock()
	w.changes = changes{}
	w.mu.Unlock()
	w.dark = time.Time{}
	if w.casts = w.fake && w.drivers[0].IntN(4) == 0; w.casts {
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
		err = w.connect(params)
		connected = err == nil
		return err
	})
	return connected
}

// connect does what a bot does with a join payload.
func (w *walker) connect(params string) (err error) {
	if w.answer, err = w.server.Join(w.chat, params); err != nil {
		return err
	}
	return w.client.Connect(w.chat, w.answer)
}

// leave ends the call and closes its books.
func (w *walker) leave() {
	w.stop()
	if e := w.server.Endpoint(w.chat); e != nil {
		_ = w.server.Leave(w.chat, int32(e.AudioSSRC())) //nolint:gosec // the same bits; it may have forgotten the call already
	}
	w.await()
	w.settle(w.take(), view{gone: true})
}

func (w *walker) stop() {
	w.gone.Store(true)
	w.timed("Stop", func() error { return w.client.Stop(w.chat) })
}
