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
}

func (o *scribe) audio(l *leg, f demux.Frame, _ bool, _, _ time.Time) {
	at := int64(o.clock.RTP(0, f.PTS, l.rate))
	o.sent = append(o.sent, spell{at, at + f.Duration, l.spurt})
	l.spurt = false
}

func (o *scribe) finish() {
	if o.fresh != nil {
		o.fresh()
		o.fresh = nil
	}
}

// TestSoundThatIsReadAfterItsPictureDoesNotBeginInThePacketBefore: the picture of a film has been read ahead, and the first packet of its sound, which begins
// a little earlier, comes when the film has just taken the place of a song.
func TestSoundThatIsReadAfterItsPictureDoesNotBeginInThePacketBefore(t *testing.T) {
	for _, earlier := range []time.Duration{0, 14 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second} {
		t.Run(earlier.String(), func(t *testing.T) {
			const songs, films = 10, 50
			c := newConcert(t, packet).byHand()
			out := &scribe{clock: c.playback.clock}
			c.connect(out, true)
			c.push(songs + 1)
			at := time.Now()
			for range songs {
				c.Run(at)
				at = at.Add(packet)
			}

			sight := newLeg(models.Video, models.Camera, demux.NewIVF(strings.NewReader("")), time.Minute, 1<<20)
			first := pacer.Ticks(earlier, sight.rate)
			if _, err := sight.queue.push(t.Context(), demux.Frame{Data: []byte{0}, PTS: first, Duration: 3600, Key: true}); err != nil {
				t.Fatal(err)
			}
			c.sound, c.pushed = newLeg(models.Audio, models.Microphone, demux.NewOgg(strings.NewReader("")), time.Minute, 1<<20), 0
			film := &stream{
				request: request{host: c.playback}, timeline: media.Timeline{Speed: 1}, legs: []*leg{sight, c.sound},
				settled: make(chan struct{}), closed: make(chan struct{}), cancel: func(error) {},
			}
			c.current.opened, c.current.cancel = &media.Streams{}, func(error) {}
			c.next = film
			out.fresh = func() { c.push(films) }
			for range films {
				c.Run(at)
				if position := c.position.Load(); position < 0 {
					t.Errorf("the position is %d ms", position)
				}
				at = at.Add(packet)
			}

			if len(out.sent) < songs+films-int(earlier/packet)-2 {
				t.Errorf("%d packets of sound were sent", len(out.sent))
			}
			for i, s := range out.sent[1:] {
				if before := out.sent[i]; s.begin < before.end || s.begin > before.end && !s.spurt {
					t.Errorf("packet %d begins %d ticks after the end of the one before, the marker is %v", i+1, s.begin-before.end, s.spurt)
				}
			}
		})
	}
}
