package instances

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/internal/wall"
	"gotgcall/media"
	"gotgcall/models"
)

// note is a packet of sound that a listener has heard.
type note struct {
	at    time.Time
	pts   int64
	stamp uint32 // of RTP, from 0
}

// listener is an outlet that takes note of the sound.
type listener struct {
	nowhere
	clock *pacer.Timeline
	heard []note
}

func (o *listener) audio(l *leg, f demux.Frame, muted bool, _, now time.Time) {
	if !muted {
		o.heard = append(o.heard, note{now, f.PTS, o.clock.RTP(0, f.PTS, l.rate)})
	}
}

// expect fails unless so many packets were heard, in order and each once.
func (o *listener) expect(t *testing.T, n int) {
	t.Helper()
	if len(o.heard) != n {
		t.Errorf("%d packets were heard, expected %d", len(o.heard), n)
	}
	for i := 1; i < len(o.heard); i++ {
		if o.heard[i].pts <= o.heard[i-1].pts {
			t.Fatalf("packet %d begins at %d ticks, the one before at %d", i, o.heard[i].pts, o.heard[i-1].pts)
		}
	}
}

// unheard are events that nobody hears of.
type unheard struct{ Events }

func (unheard) Upgrade(int64, models.MediaState) {}

// concert is a playback of sound to a listener, without a source and without a network.
type concert struct {
	t *testing.T
	*playback
	*listener
	sound  *leg
	length time.Duration // of a packet
	pushed int64
}

const soundRate = 48000

func newConcert(t *testing.T, length time.Duration) *concert {
	env := &Environment{Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler(), Events: unheard{}}
	t.Cleanup(env.Scheduler.Close)
	c := &concert{t: t, playback: newPlayback(t.Context(), 1, env, encoded), length: length}
	c.sound = newLeg(models.Audio, models.Microphone, demux.NewOgg(strings.NewReader("")), time.Minute, 1<<20)
	c.next = &stream{
		request: request{host: c.playback}, timeline: media.Timeline{Speed: 1}, legs: []*leg{c.sound},
		settled: make(chan struct{}), closed: make(chan struct{}),
	}
	c.listener = &listener{clock: c.playback.clock}
	return c
}

// byHand lets the test call Run instead of the scheduler.
func (c *concert) byHand() *concert {
	c.entry.Remove()
	c.connect(c.listener, true)
	return c
}

// push has so many more packets to play.
func (c *concert) push(packets int) {
	c.t.Helper()
	ticks := pacer.Ticks(c.length, soundRate)
	for range packets {
		if _, err := c.sound.queue.push(c.t.Context(), demux.Frame{Data: []byte{1, 2, 3}, PTS: c.pushed * ticks, Duration: ticks}); err != nil {
			c.t.Fatal(err)
		}
		c.pushed++
	}
}

const packet = 20 * time.Millisecond

func TestWhatPlaysDoesNotNoticeThatTheClockIsSet(t *testing.T) {
	const packets = 500
	c := newConcert(t, packet).byHand()
	c.push(packets + 1)
	begin := time.Now()
	moves := []time.Duration{0, time.Hour, -time.Hour, day, -day}
	for i := range packets {
		at := begin.Add(time.Duration(i) * packet)
		next := c.Run(wall.Set(at, moves[i/10%len(moves)]))
		if wait := next.Sub(at); wait != packet || len(c.heard) != i+1 {
			t.Fatalf("packet %d: %d were sent, and the next one is due in %v", i, len(c.heard), wait)
		}
	}
	c.expect(t, packets)
}

func TestAfterASleepOfTheMachineAtMost200msAreCaughtUpOn(t *testing.T) {
	for late, want := range map[time.Duration]int{ // how late the next packet is when the machine wakes up, and how many leave then
		0: 1, 80 * time.Millisecond: 5, 200 * time.Millisecond: 11, 201 * time.Millisecond: 1, time.Second: 1, time.Minute: 1, time.Hour: 1,
	} {
		const before, after = 50, 50
		c := newConcert(t, packet).byHand()
		c.push(before + want + after + 1)
		at := time.Now()
		for range before {
			c.Run(at)
			at = at.Add(packet)
		}
		at = at.Add(late)
		c.Run(at)
		if n := len(c.heard) - before; n != want {
			t.Errorf("%v late, %d packets left at once, expected %d", late, n, want)
		}
		for range after {
			at = at.Add(packet)
			c.Run(at)
		}
		c.expect(t, before+want+after)
	}
}

// beyond is a day and an hour: longer than 32 bits of the clock of sound, which are 24.8 hours.
const beyond = day + time.Hour

func TestAfterAPauseOfADayItGoesOnFromItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const packets = 100
		c := newConcert(t, packet)
		defer c.env.Scheduler.Close()
		c.push(packets)
		begin := time.Now()
		c.connect(c.listener, true)
		time.Sleep(time.Second - packet/2)
		c.pause()
		played, position := len(c.heard), c.position.Load()
		time.Sleep(beyond)
		if n := len(c.heard) - played; n != 0 || c.position.Load() != position {
			t.Errorf("in the pause %d packets were heard, and the position went from %d to %d ms", n, position, c.position.Load())
		}
		c.resume()
		time.Sleep(time.Second)
		c.pause() // before it runs dry
		c.expect(t, packets)
		for i, n := range c.heard {
			due := time.Duration(i) * packet
			if i >= played {
				due += beyond
			}
			if passed := n.at.Sub(begin); passed != due || n.stamp != uint32(pacer.Ticks(due, soundRate)) { // which wraps
				t.Fatalf("packet %d was heard after %v with the timestamp %d, expected %v", i, passed, n.stamp, due)
			}
		}
	})
}

func TestAfterAMuteOfADayTheSoundIsWhereItWouldBe(t *testing.T) {
	const long, heard = 5 * time.Second, 10 // no packet of Opus is as long, but then a day of them takes less time
	c := newConcert(t, long).byHand()
	at := time.Now()
	play := func(packets int) {
		for range packets {
			c.push(1)
			c.Run(at)
			at = at.Add(long)
		}
	}
	play(heard)
	c.setMuted(true)
	play(int(beyond / long))
	c.setMuted(false)
	if got, want := time.Duration(c.position.Load())*time.Millisecond, heard*long+beyond; got != want {
		t.Errorf("the position is %v, expected %v", got, want)
	}
	play(heard)
	c.expect(t, 2*heard)
	if d := c.heard[heard].at.Sub(c.heard[heard-1].at); d != beyond+long {
		t.Errorf("it was silent for %v, expected %v", d, beyond+long)
	}
	if got, want := c.heard[heard].stamp-c.heard[heard-1].stamp, uint32(pacer.Ticks(beyond+long, soundRate)&(1<<32-1)); got != want {
		t.Errorf("the timestamp went on by %d ticks, expected %d", got, want)
	}
}
