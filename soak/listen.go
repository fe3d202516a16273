//go:build unix

package main

import (
	"context"
	"time"

	"gotgcall"
)

// soundLimit is how long a call that should be heard may be silent, after the end of a blackout: a source that gives nothing ends after 10 s, and a connection
// that gives nothing fails after 25 s.
const soundLimit = time.Minute

// listen waits until a call that should be heard is. Nobody else drives it meanwhile. What fails, ends or stalls until then does so with an event, of which
// the account knows.
func (w *walker) listen(ctx context.Context) {
	since := time.Now()
	first := w.arrived()
	for ctx.Err() == nil {
		s, err := w.client.Stats(w.chat)
		if err != nil || w.ledger.playing == nil || w.ledger.playing.silent {
			return
		}
		wanted, settled := w.expects(s)
		now := w.arrived()
		if settled && wanted&^now.since(first) == 0 {
			if wanted != 0 {
				w.books.heard(time.Since(since))
			}
			return
		}
		if time.Since(since) > soundLimit && time.Since(w.dark) > soundLimit {
			d, _ := w.client.Diagnose(w.chat)
			w.books.violation("call %d: %s of %s should have been heard for %s, but only %s was; the state is %s since %s, and the diagnosis %v", w.chat, wanted,
				w.ledger.playing.name, soundLimit, now.since(first), s.State, time.Since(s.Since), d.Findings)
			return
		}
		time.Sleep(polling)
	}
}

// expects returns the tracks that should be heard or seen of a call. settled is false while it is open whether its connection is there.
func (w *walker) expects(s gotgcall.CallStats) (tracks gotgcall.Track, settled bool) {
	switch {
	case s.Source == "" || s.Media.Paused || s.State == gotgcall.Failed || s.State == gotgcall.Timeout:
		return 0, true
	case s.State != gotgcall.Connected:
		return 0, false
	}
	if s.Audio.Playing && !s.Media.Muted {
		tracks |= gotgcall.TrackAudio
	}
	if s.Video.Playing {
		tracks |= gotgcall.TrackVideo
	}
	return tracks, true
}

// arrival is how much has arrived of a call.
type arrival struct{ sound, picture int64 }

// since returns the tracks of which something has arrived.
func (a arrival) since(before arrival) (tracks gotgcall.Track) {
	if a.sound > before.sound {
		tracks |= gotgcall.TrackAudio
	}
	if a.picture > before.picture {
		tracks |= gotgcall.TrackVideo
	}
	return tracks
}

// arrived asks the server; a broadcast has none that would tell, and is believed.
func (w *walker) arrived() arrival {
	if w.casts {
		s, _ := w.client.Stats(w.chat)
		return arrival{int64(s.Audio.Frames), int64(s.Video.Frames)} //nolint:gosec // far below 2^63
	}
	e := w.server.Endpoint(w.chat)
	return arrival{e.Stats(e.AudioSSRC()).Packets, e.Stats(e.VideoSSRC()).Bytes} // padding has no bytes
}
