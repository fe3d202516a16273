//go:build unix

package main

import (
	"fmt"
	"math/bits"

	"gotgcall"
)

// account is what has become of the tracks of songs: the sound, and the picture.
type account struct{ started, ended, replaced, stopped int }

func (a *account) add(b account) {
	a.started += b.started
	a.ended += b.ended
	a.replaced += b.replaced
	a.stopped += b.stopped
}

// balanced is the law, when nothing plays any more.
func (a account) balanced() bool { return a.started == a.ended+a.replaced+a.stopped }

// count is the number of tracks in a set.
func count(t gotgcall.Track) int { return bits.OnesCount8(uint8(t)) }

// end is one that the library has told.
type end struct {
	track gotgcall.Track // TrackAudio or TrackVideo
	err   error
}

func (e end) String() string { return fmt.Sprintf("%s: %v", e.track, e.err) }

// record is what is known of a call's songs between two looks at it.
type record struct {
	started []*song // SetStreamSources has returned nil
	// doubtful ones may have been started: SetStreamSources has failed because the call was lost or stopped, which may have been later.
	doubtful []*song
	ends     []end // in their order
	moved    bool  // the position, the volume or the speed was changed
	stopped  bool  // so was the call, by one of those who drive it
}

// view is what Stats show.
type view struct {
	name   string         // "" when nothing plays
	tracks gotgcall.Track // that are not over
	gone   bool           // the call is stopped: the rest does not matter
}

func (v view) String() string {
	switch {
	case v.gone:
		return "the call is stopped"
	case v.name == "":
		return "nothing plays"
	}
	return fmt.Sprintf("%s of %q plays", v.tracks, v.name)
}

// ledger keeps account of one call's songs.
type ledger struct {
	account
	playing *song          // nil when none does
	open    gotgcall.Track // its tracks that are not over
}

// settle finds out how what was done and told can have led to what is seen, and enters that. The error says that there is no way; then the books follow
// what is seen, as far as that is possible.
func (l *ledger) settle(r record, seen view) error {
	found, ok := l.explain(r, seen)
	if !ok {
		err := fmt.Errorf("%s, but before that %s, then %v were started, perhaps %v too, and these ends were told: %v", seen, l.view(), names(r.started),
			names(r.doubtful), r.ends)
		l.playing, l.open = nil, 0
		for _, s := range append(r.started, r.doubtful...) {
			if s.name == seen.name && !seen.gone {
				l.playing, l.open = s, seen.tracks
			}
		}
		return err
	}
	l.add(found.account)
	l.playing, l.open = found.playing, found.open
	if l.playing != nil {
		l.playing.moved = l.playing.moved || r.moved
	}
	return nil
}

func (l *ledger) view() view {
	if l.playing == nil {
		return view{}
	}
	return view{name: l.playing.name, tracks: l.open}
}

func names(songs []*song) (list []string) {
	for _, s := range songs {
		list = append(list, fmt.Sprintf("%s (%s)", s.name, s.tracks))
	}
	return list
}
