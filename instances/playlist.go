package instances

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"gotgcall/media"
	"gotgcall/models"
)

// LoopMode says what a Playlist plays after a track's end.
type LoopMode int

// The loop modes.
const (
	// LoopOff plays each track once.
	LoopOff LoopMode = iota
	// LoopTrack plays the same track again and again.
	LoopTrack
	// LoopList begins with the first track again after the last.
	LoopList
)

// String returns "off", "track" or "list".
func (m LoopMode) String() string {
	switch m {
	case LoopOff:
		return "off"
	case LoopTrack:
		return "track"
	case LoopList:
		return "list"
	default:
		return fmt.Sprintf("LoopMode(%d)", int(m))
	}
}

// PlaylistTrack is one entry of a Playlist.
type PlaylistTrack struct {
	// ID is the entry's number: 0, 1, 2… in the order of adding. It is never used again, and the same Source added twice has two.
	ID     int
	Source media.Source
}

// Playlist is a Source that plays others, one after the other and without a gap: the next track is opened and read ahead before the end of the
// one that plays. Each track that began has one end, which OnTrackEnd tells; a track that cannot be played has its end with the error, and
// the list goes on. OnStreamEnd tells the end of the list. Time, SeekBy, SetSpeed and SetVolume are about the track that plays.
//
// A list is played by one call at a time. It remembers its place: set again, it begins with the track that was interrupted, and after its end with
// what was appended since, or with the first track. Its methods may be called at any time and from any goroutine, also while it plays.
type Playlist struct {
	mu     sync.Mutex
	tracks []PlaylistTrack // by rising ID
	added  int             // tracks so far: the next ID
	loop   LoopMode
	place  int  // ID of the track that plays, or that was the last to do so
	passed bool // the track at place is over: the one behind it is next
	host   *playback
	claims int // how often host has claimed the list
}

// NewPlaylist returns a list of the given tracks.
func NewPlaylist(tracks ...media.Source) *Playlist {
	l := &Playlist{}
	l.Append(tracks...)
	return l
}

// Append adds tracks at the end and returns their IDs. nil is left out.
func (l *Playlist) Append(tracks ...media.Source) (ids []int) {
	l.change(func() {
		for _, source := range tracks {
			if source != nil {
				ids = append(ids, l.added)
				l.tracks = append(l.tracks, PlaylistTrack{ID: l.added, Source: source})
				l.added++
			}
		}
	})
	return ids
}

// Remove takes tracks out of the list. The one that plays does so to its end. IDs that are not in the list mean nothing.
func (l *Playlist) Remove(ids ...int) {
	gone := make(map[int]struct{}, len(ids))
	for _, id := range ids {
		gone[id] = struct{}{}
	}
	l.change(func() {
		l.tracks = slices.DeleteFunc(l.tracks, func(t PlaylistTrack) bool {
			_, is := gone[t.ID]
			return is
		})
	})
}

// SetLoop says what is played after a track's end. It defaults to LoopOff; an unknown mode is taken for it.
func (l *Playlist) SetLoop(mode LoopMode) {
	l.change(func() { l.loop = mode })
}

// change makes a change and lets the playback know.
func (l *Playlist) change(change func()) {
	l.mu.Lock()
	change()
	host := l.host
	l.mu.Unlock()
	if host != nil {
		host.reconsider()
	}
}

// List returns the entries in their order.
func (l *Playlist) List() []PlaylistTrack {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tracks)
}

// String says how many entries there are.
func (l *Playlist) String() string { return fmt.Sprintf("Playlist of %d", len(l.List())) }

// Tracks is what the entries mean to play, taken together.
func (l *Playlist) Tracks() (all media.Track) {
	for _, t := range l.List() {
		all |= t.Source.Tracks()
	}
	return all
}

// Open returns ErrInvalidParams: a list is no stream of its own, and cannot be wrapped by another Source. SetStreamSources plays it.
func (l *Playlist) Open(context.Context) (*media.Streams, error) {
	return nil, fmt.Errorf("%w: a Playlist is played by SetStreamSources itself, and not by another Source: give it the list as it is", models.ErrInvalidParams)
}

// Current returns the track that plays, or that Next, Previous or Jump have asked for. ok is false when none does.
func (l *Playlist) Current() (t PlaylistTrack, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, found := l.indexLocked(l.place); found && !l.passed && l.host != nil {
		return l.tracks[i], true
	}
	return PlaylistTrack{}, false
}

// Next goes to the next track: what plays goes on until that has its first frame. After the last track, with LoopTrack too, the list ends; with
// LoopList the first one follows. The error says why nothing has changed: ErrNoSource when the list is not being played.
func (l *Playlist) Next() error {
	return l.jump(func() (PlaylistTrack, bool) { return l.followingLocked(l.place, l.loop == LoopList) }, "")
}

// Previous goes to the track before, in the way of Next. Before the first track it begins that one anew; with LoopList the last one follows. When no track
// is left in the list it is ErrInvalidParams.
func (l *Playlist) Previous() error {
	return l.jump(func() (PlaylistTrack, bool) {
		i, _ := l.indexLocked(l.place)
		switch {
		case len(l.tracks) == 0:
			return PlaylistTrack{}, false
		case i == 0 && l.loop == LoopList:
			i = len(l.tracks)
		case i == 0:
			i = 1
		}
		return l.tracks[i-1], true
	}, "Previous: the playlist has no tracks any more; Append some")
}

// Jump goes to a track, in the way of Next. An ID that is not in the list is ErrInvalidParams.
func (l *Playlist) Jump(id int) error {
	return l.jump(func() (PlaylistTrack, bool) {
		i, found := l.indexLocked(id)
		if !found {
			return PlaylistTrack{}, false
		}
		return l.tracks[i], true
	}, fmt.Sprintf("Jump(%d): no track of the playlist has this ID; List returns those there are", id))
}

// jump lets the playback go to a track that is chosen under the lock. missing is the error's text when there is none; "" ends the list then.
func (l *Playlist) jump(choose func() (PlaylistTrack, bool), missing string) error {
	l.mu.Lock()
	host := l.host
	if host == nil || l.passed {
		l.mu.Unlock()
		return fmt.Errorf("%w: the playlist is not being played; give it to SetStreamSources first", models.ErrNoSource)
	}
	t, ok := choose()
	if !ok && missing != "" {
		l.mu.Unlock()
		return fmt.Errorf("%w: %s", models.ErrInvalidParams, missing)
	}
	from, err := host.playingOf(l) // what place is of: both change in one go, or this one a little later
	if ok && err == nil {
		l.place = t.ID
	}
	l.mu.Unlock()
	switch {
	case err != nil:
		return err
	case !ok:
		return host.leaveList(l)
	}
	return host.jump(l, from, t)
}

// indexLocked returns where a track is, or would be.
func (l *Playlist) indexLocked(id int) (i int, found bool) {
	return slices.BinarySearchFunc(l.tracks, id, func(t PlaylistTrack, id int) int { return t.ID - id })
}

// followingLocked returns the track behind another one, which need not be in the list any more.
func (l *Playlist) followingLocked(id int, wraps bool) (PlaylistTrack, bool) {
	i, found := l.indexLocked(id)
	if found {
		i++
	}
	if i == len(l.tracks) && wraps {
		i = 0
	}
	if i == len(l.tracks) {
		return PlaylistTrack{}, false
	}
	return l.tracks[i], true
}

// after returns what follows a track by itself. tries is how many tracks are worth trying, one after the other.
func (l *Playlist) after(id int) (t PlaylistTrack, tries int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, found := l.indexLocked(id); found && l.loop == LoopTrack {
		return l.tracks[i], 1, true
	}
	t, ok = l.followingLocked(id, l.loop == LoopList)
	return t, len(l.tracks), ok
}

// first returns the track to begin with.
func (l *Playlist) first() (t PlaylistTrack, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tracks) == 0 {
		return t, false
	}
	i, found := l.indexLocked(l.place)
	if found && l.passed {
		i++
	}
	return l.tracks[i%len(l.tracks)], true
}

// stay takes back that a track was asked for, unless another one was asked for since.
func (l *Playlist) stay(wanted, plays int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.place == wanted {
		l.place = plays
	}
}

// note takes note of what the list's playback says: that a track plays, or was the last to do so; passed tells that it is over.
func (l *Playlist) note(p *playback, id int, passed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host == p {
		l.place, l.passed = id, passed
	}
}

// claim makes the list that of a playback, until release was called as often. From one that has ended, and has not let go of it yet, it is taken away.
func (l *Playlist) claim(p *playback) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host != nil && l.host != p && l.host.life.Err() == nil {
		return fmt.Errorf("%w: the playlist is being played in chat %d; stop that, or make another list", models.ErrBusy, l.host.chat)
	}
	if l.host != p {
		l.host, l.claims = p, 0
	}
	l.claims++
	return nil
}

func (l *Playlist) release(p *playback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host != p {
		return
	}
	if l.claims--; l.claims == 0 {
		l.host = nil
	}
}
