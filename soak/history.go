//go:build unix

package main

import (
	"errors"

	"gotgcall"
)

// Several goroutines drive a call, so that it is not known in which order their songs took each other's place, nor before which of them an end was told.
// It is known what was started, which ends were told and in which order, and what is seen afterwards. There has to be one order of the songs in which all
// that is right: then it says what became of each. All orders are tried; there are few, for few songs are started between two looks.

// moment is a state that a call may have been in.
type moment struct {
	used  uint64 // songs that have been started, by their place in history.songs
	now   int    // the one that plays, or nobody
	open  gotgcall.Track
	ended int // ends that have been told
}

// nobody plays; before is what played at the last look.
const nobody, before = -1, -2

// history is the search for a way from one look to the next.
type history struct {
	ledger *ledger
	record record
	seen   view
	songs  []*song         // those that were started for sure, and the doubtful ones
	tried  map[moment]bool // from which there is no way
}

// explain returns the books as they are after a way from the last look to what is seen, and what happened on it.
func (l *ledger) explain(r record, seen view) (found ledger, ok bool) {
	h := &history{ledger: l, record: r, seen: seen, songs: append(append([]*song{}, r.started...), r.doubtful...), tried: map[moment]bool{}}
	m := moment{now: nobody}
	if l.playing != nil {
		m.now, m.open = before, l.open
	}
	return h.from(m, account{})
}

func (h *history) song(i int) *song {
	switch i {
	case nobody:
		return nil
	case before:
		return h.ledger.playing
	}
	return h.songs[i]
}

// from looks for a way from a moment on; so far is what has happened until then.
func (h *history) from(m moment, sofar account) (found ledger, ok bool) {
	if h.tried[m] {
		return found, false
	}
	h.tried[m] = true
	now := h.song(m.now)
	if h.arrived(m, now) {
		if h.seen.gone {
			sofar.stopped += count(m.open)
			return ledger{account: sofar}, true
		}
		return ledger{account: sofar, playing: now, open: m.open}, true
	}
	if found, ok = h.byAnEnd(m, now, sofar); ok {
		return found, true
	}
	for i, s := range h.songs {
		if m.used&(1<<i) != 0 {
			continue
		}
		next, account := moment{m.used | 1<<i, i, s.tracks, m.ended}, sofar
		account.replaced += count(m.open)
		account.started += count(s.tracks)
		if found, ok = h.from(next, account); ok {
			return found, true
		}
	}
	if h.record.stopped && now != nil {
		account := sofar
		account.stopped += count(m.open)
		if found, ok = h.from(moment{m.used, nobody, 0, m.ended}, account); ok {
			return found, true
		}
	}
	if m.now >= len(h.record.started) { // it may have ended with the error that SetStreamSources has returned, of which no event tells: it was never there
		account := sofar
		account.started -= count(m.open)
		if found, ok = h.from(moment{m.used, nobody, 0, m.ended}, account); ok {
			return found, true
		}
	}
	if again := h.again(now) &^ m.open; again != 0 {
		account := sofar
		account.started += count(again)
		return h.from(moment{m.used, m.now, m.open | again, m.ended}, account)
	}
	return found, false
}

// byAnEnd goes on with the next end that was told, if that can be one of what plays.
func (h *history) byAnEnd(m moment, now *song, sofar account) (found ledger, ok bool) {
	if m.ended == len(h.record.ends) {
		return found, false
	}
	e := h.record.ends[m.ended]
	if m.open&e.track == 0 || !now.mayEnd(e.err, now.moved || h.record.moved) {
		return found, false
	}
	sofar.ended++
	next := moment{m.used, m.now, m.open &^ e.track, m.ended + 1}
	if next.open == 0 {
		next.now = nobody
	}
	return h.from(next, sofar)
}

// again returns the tracks that a change of the position may have brought back: of a film, one of whose tracks is over while the other one plays.
func (h *history) again(now *song) gotgcall.Track {
	if now == nil || !now.moved && !h.record.moved {
		return 0
	}
	return now.tracks
}

// arrived tells whether a moment is what is seen, and all that is known has happened.
func (h *history) arrived(m moment, now *song) bool {
	all := uint64(1)<<len(h.record.started) - 1
	if m.used&all != all || m.ended < len(h.record.ends) {
		return false
	}
	switch {
	case h.seen.gone:
		return true
	case now == nil:
		return h.seen.name == ""
	}
	return now.name == h.seen.name && (now.list != nil || m.open == h.seen.tracks) // the tracks of a list's songs come and go
}

// mayEnd tells whether an end is one that a song may have; moved says that its position may have been changed.
func (s *song) mayEnd(err error, moved bool) bool {
	var name *ending
	switch named := errors.As(err, &name); {
	case errors.Is(err, gotgcall.ErrConnectionFailed):
		return true
	case named || s.ending != nil:
		return name == s.ending
	case err == nil:
		return !s.lasts || moved
	}
	return true
}
