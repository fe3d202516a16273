package instances

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// nowhere is an outlet that costs nothing.
type nowhere struct{ frames int }

func (o *nowhere) audio(*leg, demux.Frame, bool, time.Time, time.Time) { o.frames++ }
func (*nowhere) video(*leg, demux.Frame, time.Time, time.Time) bool    { return true }
func (*nowhere) flush(time.Time) time.Time                             { return time.Time{} }
func (*nowhere) finish()                                               {}
func (*nowhere) shift(time.Duration)                                   {}
func (*nowhere) idle(time.Time, bool) time.Time                        { return time.Time{} }

// BenchmarkPace measures what a playback does with a packet of sound between the queue and the connection; one operation is one packet.
func BenchmarkPace(b *testing.B) {
	const ticks, interval = 960, 20 * time.Millisecond
	env := &Environment{Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler()}
	defer env.Scheduler.Close()
	p := newPlayback(b.Context(), 1, env, encoded)
	p.entry.Remove() // the benchmark runs the task
	l := newLeg(models.Audio, models.Microphone, demux.NewOgg(strings.NewReader("")), time.Second, 1<<20)
	s := &stream{request: request{host: p}, timeline: media.Timeline{Speed: 1}, legs: []*leg{l}, settled: make(chan struct{}), closed: make(chan struct{})}
	frame := demux.Frame{Data: make([]byte, 320), Duration: ticks}
	push := func() {
		if _, err := l.queue.push(b.Context(), frame); err != nil {
			b.Fatal(err)
		}
		frame.PTS += ticks
	}
	push()
	p.next = s
	out := &nowhere{}
	p.connect(out, true)
	now := time.Now()
	b.ReportAllocs()
	n := 0
	for ; b.Loop(); n++ {
		push()
		p.Run(now)
		now = now.Add(interval)
	}
	if out.frames != n {
		b.Errorf("%d packets of %d were paced", out.frames, n)
	}
}
