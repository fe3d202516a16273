//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gotgcall"
)

// polling is the interval at which the walk looks whether something has come.
const polling = 10 * time.Millisecond

// take returns what is known since the last look, and begins anew.
func (w *walker) take() record {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.record
	w.record = record{}
	return r
}

// note takes note of something.
func (w *walker) note(change func(*record)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.record)
}

// tell is OnStreamEnd.
func (w *walker) tell(t gotgcall.StreamType, err error) {
	track := gotgcall.TrackAudio
	if t == gotgcall.Video {
		track = gotgcall.TrackVideo
	}
	w.note(func(r *record) { r.ends = append(r.ends, end{track, err}) })
	w.books.tells()
}

// told returns how many ends have been told since the last look.
func (w *walker) told() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.record.ends)
}

// look settles the account with what Stats say, and with the ends that were told before. Nobody else drives the call meanwhile. It reports false when the
// call is gone, of which Stop's account knows the rest.
func (w *walker) look() bool {
	var known record
	for deadline := time.Now().Add(endLimit); ; {
		known.join(w.take())
		between := w.betweenTracks(known) // asked first: of a list that is over by now the end has been told behind the barrier
		before, ok := w.sees()
		w.barrier()
		known.join(w.take())
		after, still := w.sees()
		switch {
		case !ok || !still:
			w.note(func(r *record) { known.join(*r); *r = known })
			if !w.gone.Load() {
				w.books.violation("call %d: there is no call any more, and nobody has stopped it", w.chat)
			}
			return false
		case before != after: // something has ended meanwhile
		case after.name == "" && between && time.Now().Before(deadline):
			time.Sleep(polling)
		default:
			w.settle(known, after)
			return true
		}
	}
}

// join appends what became known later.
func (r *record) join(later record) {
	r.started, r.doubtful, r.ends = append(r.started, later.started...), append(r.doubtful, later.doubtful...), append(r.ends, later.ends...)
	r.moved, r.stopped = r.moved || later.moved, r.stopped || later.stopped
}

// betweenTracks tells whether that nothing plays is because the next track of a playlist is not there yet. The ends do not tell: one that came before the
// list could be that of the list.
func (w *walker) betweenTracks(r record) bool {
	return slices.ContainsFunc(append([]*song{w.ledger.playing}, r.started...), func(s *song) bool {
		if s == nil || s.list == nil {
			return false
		}
		_, plays := s.list.Current()
		return plays
	})
}

// settle enters what is known into the ledger.
func (w *walker) settle(r record, v view) {
	songs := append(append([]*song{w.ledger.playing}, r.started...), r.doubtful...)
	if err := w.ledger.settle(r, v); err != nil {
		w.books.violation("call %d: %v", w.chat, err)
	}
	for _, s := range songs {
		if s != nil && s != w.ledger.playing {
			s.remove()
		}
	}
}

// sees describes what plays.
func (w *walker) sees() (v view, ok bool) {
	s, err := w.client.Stats(w.chat)
	if v.name = nameOf(s.Source); v.name == "" {
		return v, err == nil
	}
	if s.Audio.Playing {
		v.tracks |= gotgcall.TrackAudio
	}
	if s.Video.Playing {
		v.tracks |= gotgcall.TrackVideo
	}
	return v, err == nil
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

// waitForTheEnd waits until what plays is over: that has to be told.
func (w *walker) waitForTheEnd(ctx context.Context) error {
	now := w.ledger.playing
	if now == nil || now.lasts || now.source == w.shelf.radio {
		return nil
	}
	if err := w.unfreeze(); err != nil {
		return err
	}
	for deadline := time.Now().Add(endLimit); w.told() < count(w.ledger.open) && ctx.Err() == nil; time.Sleep(polling) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the end of %s of %s was never told", w.ledger.open, now.name) // which is not allowed
		}
	}
	return nil
}
