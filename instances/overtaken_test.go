package instances

import (
	"strings"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// spell is a packet of sound as it was sent.
type spell struct {
	begin, end int64 // ticks of RTP, from 0
	spurt      bool
}

// scribe is an outlet that takes note of the sound as it is sent.
type scribe struct {
	nowhere
	clock *pacer.Timeline
	sent  []spell
	fresh func() // called once, when a stream has taken the place of another
	looks func() // called once after that, when the picture is looked at
	shows func() // called once, when a picture is sent
}

func (o *scribe) audio(l *leg, f demux.Frame, _ bool, _, _ time.Time) {
	at := int64(o.clock.RTP(0, f.PTS, l.rate))
	o.sent = append(o.sent, spell{at, at + f.Duration, l.spurt})
	l.spurt = false
}

func (o *scribe) finish()                   { once(&o.fresh) }
func (o *scribe) flush(time.Time) time.Time { once(&o.looks); return time.Time{} }

func (o *scribe) video(*leg, demux.Frame, time.Time, time.Time) bool {
	once(&o.shows)
	return true
}

// once calls what is there, and forgets it.
func once(f *func()) {
	if call := *f; call != nil {
		*f = nil
		call()
	}
}

// check fails unless each packet begins where the one before ends, or later and with a marker, and so many were sent at least.
func (o *scribe) check(t *testing.T, least int) {
	t.Helper()
	if len(o.sent) < least {
		t.Errorf("%d packets of sound were sent, expected %d", len(o.sent), least)
	}
	for i, s := range o.sent[1:] {
		if before := o.sent[i]; s.begin < before.end || s.begin > before.end && !s.spurt {
			t.Errorf("packet %d begins %d ticks after the end of the one before, the marker is %v", i+1, s.begin-before.end, s.spurt)
		}
	}
}

// newSong returns a concert of which so many packets have been sent, and the moment at which the next one is due.
func newSong(t *testing.T, packets int) (c *concert, out *scribe, at time.Time) {
	c = newConcert(t, packet).byHand()
	out = &scribe{clock: c.playback.clock}
	c.connect(out, true)
	c.push(packets + 1)
	return c, out, c.run(time.Now(), packets)
}

// film puts a film in the place of the song. Nothing of it has been read.
func (c *concert) film() (sight *leg) {
	sight = newLeg(models.Video, models.Camera, demux.NewIVF(strings.NewReader("")), time.Minute, 1<<20)
	c.sound, c.pushed = newLeg(models.Audio, models.Microphone, demux.NewOgg(strings.NewReader("")), time.Minute, 1<<20), 0
	c.current.opened, c.current.cancel = &media.Streams{}, func(error) {}
	c.next = &stream{
		request: request{host: c.playback}, timeline: media.Timeline{Speed: 1}, legs: []*leg{sight, c.sound},
		settled: make(chan struct{}), closed: make(chan struct{}), cancel: func(error) {},
	}
	return sight
}

// run runs the playback so often from a moment on, a packet later each time, and returns the next moment.
func (c *concert) run(at time.Time, times int) (next time.Time) {
	for range times {
		for again := at; !again.After(at) && !again.IsZero(); { // as the scheduler does
			again = c.Run(at)
		}
		if position := c.position.Load(); position < 0 {
			c.t.Errorf("the position is %d ms", position)
		}
		at = at.Add(packet)
	}
	return at
}

// TestSoundThatIsReadAfterItsPictureDoesNotBeginInThePacketBefore: the picture of a film has been read ahead, and the first packet of its sound, which begins
// a little earlier, comes at a certain moment after that.
func TestSoundThatIsReadAfterItsPictureDoesNotBeginInThePacketBefore(t *testing.T) {
	for name, comes := range map[string]func(out *scribe, push func()){
		"when the film has taken its place":    func(out *scribe, push func()) { out.fresh = push },
		"when the picture is looked at":        func(out *scribe, push func()) { out.looks = push },
		"when the first picture is being sent": func(out *scribe, push func()) { out.shows = push },
	} {
		for _, earlier := range []time.Duration{0, 14 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second} {
			t.Run(name+" "+earlier.String(), func(t *testing.T) {
				const songs, films = 10, 50
				c, out, at := newSong(t, songs)
				sight := c.film()
				first := pacer.Ticks(earlier, sight.rate)
				if _, err := sight.queue.push(t.Context(), demux.Frame{Data: []byte{0}, PTS: first, Duration: 3600, Key: true}); err != nil {
					t.Fatal(err)
				}
				comes(out, func() { c.push(films) })
				c.run(at, films)
				out.check(t, songs+films-int(earlier/packet)-2)
			})
		}
	}
}

// TestWhatComesWhenAStreamHasFoundNothingToBeginWithBegins: what was read ahead of it has been cleared, and the first packet, or picture, comes between two
// looks at its legs. Its times count from its own beginning, and not from that of the song before.
func TestWhatComesWhenAStreamHasFoundNothingToBeginWithBegins(t *testing.T) {
	for name, picture := range map[string]bool{"a packet": false, "a packet and a picture": true} {
		t.Run(name, func(t *testing.T) {
			const songs, films = 60, 50
			c, out, at := newSong(t, songs)
			sight := c.film()
			out.looks = func() {
				if picture {
					if _, err := sight.queue.push(t.Context(), demux.Frame{Data: []byte{0}, Duration: 3600, Key: true}); err != nil {
						t.Error(err)
					}
				}
				c.push(films)
			}
			c.run(at, films)
			out.check(t, songs+films-2)
			if got, want := c.position.Load(), int64(films*packet/time.Millisecond); got < want-40 || got > want {
				t.Errorf("the position is %d ms, expected %d", got, want)
			}
		})
	}
}
