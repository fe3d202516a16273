package instances

import (
	"context"
	"errors"
	"fmt"

	"gotgcall/models"
)

// listed is the entry of a list that a stream plays. Streams of one entry, as a seek makes them, share it.
type listed struct {
	PlaylistTrack
	list *Playlist
}

// trackEnd is the end of a track.
type trackEnd struct {
	track PlaylistTrack
	err   error
}

// setPlaylist plays a list from its place on.
func (p *playback) setPlaylist(ctx context.Context, list *Playlist, r request) error {
	if err := list.claim(p); err != nil {
		return err
	}
	defer list.release(p)
	track, ok := list.first()
	if !ok {
		return fmt.Errorf("%w: the playlist is empty; Append a source first", models.ErrNoSource)
	}
	return p.playFrom(ctx, list, track, r)
}

// playFrom plays a track of a list in place of the current source, or else the first behind it that can be played.
func (p *playback) playFrom(ctx context.Context, list *Playlist, track PlaylistTrack, r request) error {
	_, tries, _ := list.after(track.ID)
	for {
		r.source, r.track = track.Source, &listed{PlaylistTrack: track, list: list}
		lost, err := p.put(ctx, r)
		if err == nil || lost {
			return err
		}
		r.failed = append(r.failed, trackEnd{track, err})
		tries--
		next, _, ok := list.after(track.ID)
		if tries <= 0 || !ok {
			p.tellFailed(r.failed)
			var errs []error
			for _, f := range r.failed {
				errs = append(errs, f.err)
			}
			return fmt.Errorf("no track of the playlist can be played: %w", errors.Join(errs...))
		}
		track = next
	}
}

// jump goes from one track of the list that plays to another.
func (p *playback) jump(list *Playlist, from *stream, track PlaylistTrack) error {
	r := from.wish().unmoved()
	r.skipped = from.request.track
	if err := p.playFrom(p.life, list, track, r); err != nil {
		if now, err := p.playingOf(list); err == nil {
			list.stay(track.ID, now.request.track.ID)
		}
		return err
	}
	return nil
}

// leaveList ends the list that plays.
func (p *playback) leaveList(list *Playlist) error {
	p.mu.Lock()
	from, err := p.playingOf(list)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	if p.opening != nil {
		p.opening.cancel(errSuperseded)
		p.opening = nil
	}
	if p.next != nil {
		p.next.settle(errSuperseded)
		p.next.close()
		p.next = nil
	}
	p.over, p.leaves = from, true
	p.mu.Unlock()
	p.entry.Wake()
	return nil
}

// playingOf returns the stream of a list that plays, or that was the last to do so while the next one is not there yet.
func (p *playback) playingOf(list *Playlist) (*stream, error) {
	if s := p.listed.Load(); s != nil && s.request.track.list == list {
		return s, nil
	}
	return nil, errNotPlayed
}

// stillPlaysLocked returns nil while no other source has taken the place of a list, or is about to.
func (p *playback) stillPlaysLocked(list *Playlist) error {
	playing := p.playing.Load()
	if playing == nil {
		playing = p.listed.Load() // between two tracks
	}
	for _, s := range []*stream{p.next, playing} {
		if s != nil && (s.request.track == nil || s.request.track.list != list) {
			return errNotPlayed
		}
	}
	return nil
}

// errNotPlayed says that a list cannot be steered.
var errNotPlayed = fmt.Errorf("%w: the playlist is not being played any more, or not yet", models.ErrNoSource)

// reconsider looks again what follows the track that plays, because its list has changed.
func (p *playback) reconsider() {
	p.mu.Lock()
	p.changed = true
	p.mu.Unlock()
	p.entry.Wake()
}
