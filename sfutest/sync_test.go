package sfutest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
)

func TestTheLegsDistanceIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		late   time.Duration // the picture leaves so much after its time
		report time.Duration // by which the picture's Sender Reports are wrong
		opts   []Option
	}{
		"none":                              {},
		"a picture that is late":            {late: 80 * time.Millisecond},
		"a picture that is early":           {late: -50 * time.Millisecond},
		"reports of the picture that lie":   {report: 60 * time.Millisecond},
		"delays of the server do not count": {late: 80 * time.Millisecond, opts: []Option{WithDelay(300 * time.Millisecond)}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				if _, ok := e.AVOffset(); ok {
					t.Error("a distance of nothing")
				}
				p.withSound(150, func() {
					p.video.stamp -= uint32(ticks(c.late, 90000))
					for i := range 90 {
						if i%30 == 0 {
							p.sendReport(p.video, p.videoSSRC(), func(sr *rtcp.SenderReport) {
								sr.RTPTime += uint32(ticks(c.late, 90000))
								sr.NTPTime += uint64(c.report.Seconds() * (1 << 32))
							})
						}
						p.sendFrame(3, nil)
						time.Sleep(time.Second / 30)
					}
				})
				time.Sleep(time.Second)
				got, ok := e.AVOffset()
				if want := c.late - c.report; !ok || (got-want).Abs() > time.Millisecond {
					t.Errorf("the picture is %v late, %v, expected %v", got, ok, want)
				}
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			}, c.opts...)
		})
	}
}

func TestClockToleranceIsAnOption(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		clockOffences["an NTP clock that jumps by 300 ms"].commit(p)
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithTolerances(Tolerances{ClockLine: 301 * time.Millisecond}))
}

func TestLeadIsMediaTimeMinusWallTime(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		if l := e.Leads(e.AudioSSRC()); l != nil {
			t.Errorf("before the first packet: %v", l)
		}
		p.withSound(150, func() {
			p.film(60, nil)
			time.Sleep(100 * time.Millisecond)
			p.film(30, nil)
		})
		time.Sleep(20 * time.Millisecond)
		p.audio.stamp += 40 * 48
		p.play(50, nil)
		settle()
		const ms = time.Millisecond
		l := e.Stats(e.VideoSSRC()).Lead
		if behind := -67 * ms; l.Min.Round(ms) != behind || l.Last.Round(ms) != behind || l.Max.Round(ms) != 0 { // 100 ms, but for a frame's own time
			t.Errorf("the picture: %+v", l)
		}
		if l := e.Stats(e.AudioSSRC()).Lead; l != (Lead{Last: 40 * time.Millisecond, Max: 40 * time.Millisecond}) {
			t.Errorf("the sound: %+v", l)
		}
		windows := e.Leads(e.AudioSSRC())
		if len(windows) != 4 || windows[3] != (LeadWindow{Begin: 3 * time.Second, Packets: 50, Lead: Lead{40 * ms, 40 * ms, 40 * ms}}) ||
			windows[1] != (LeadWindow{Begin: time.Second, Packets: 50}) {
			t.Errorf("%+v", windows)
		}
		if n := e.Leads(e.VideoSSRC())[0].Packets; n != 30 {
			t.Errorf("%d of the first second's 30 frames count", n)
		}
	})
}

// readIVF returns the times in milliseconds and the payloads of a file's frames, and how many the header promises.
func readIVF(t *testing.T, file []byte) (times []uint64, payloads [][]byte, promised uint32) {
	t.Helper()
	r, header, err := ivfreader.NewWith(bytes.NewReader(file))
	must(t, err)
	for {
		data, h, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return times, payloads, header.NumFrames
		}
		must(t, err)
		times, payloads = append(times, h.Timestamp/90000/90), append(payloads, data) // pion's reader multiplies instead of dividing
	}
}

func TestCopyIVFWritesWhatWriteIVFDoes(t *testing.T) {
	for name, opts := range map[string][]Option{
		"everything": nil, "retransmissions": {WithPretendedLoss(0.1), WithDelay(50 * time.Millisecond)}, "reordered": {WithReorder(0.2, 50*time.Millisecond)},
		"losses": {WithLoss(0.05), WithoutNACK()},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				var live, whole bytes.Buffer
				var writes atomic.Int64
				copied := make(chan error, 1)
				go func() { copied <- e.CopyIVF(t.Context(), &countingWriter{&live, &writes}) }()
				p.film(300, nil)
				time.Sleep(2 * time.Second)
				if n := writes.Load(); n < 150 {
					t.Errorf("%d frames are written before the end", n)
				}
				e.Kick()
				must(t, <-copied)
				must(t, e.WriteIVF(&whole))
				_, _, promised := readIVF(t, live.Bytes())
				if promised != ivfUnknown {
					t.Errorf("the copy promises %d frames", promised)
				}
				if times, _, n := readIVF(t, whole.Bytes()); len(times) < 100 || int(n) != len(times) || !slices.IsSorted(times) {
					t.Errorf("%d frames of %d", len(times), n)
				}
				if !bytes.Equal(live.Bytes()[32:], whole.Bytes()[32:]) {
					t.Errorf("CopyIVF wrote %d bytes, WriteIVF %d", live.Len(), whole.Len())
				}
			}, opts...)
		})
	}
}

// countingWriter counts what is written through it.
type countingWriter struct {
	w io.Writer
	n *atomic.Int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	c.n.Add(1)
	return c.w.Write(b)
}

func TestCopyIVFReportsTheWritersError(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(100, nil)
		if err := e.CopyIVF(t.Context(), brokenWriter{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v", err)
		}
	})
}

func TestWriteFilmGivesBothLegsOneOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		sound, picture time.Duration // when they begin
		position       uint64        // of the end of the first packet of sound
		shown          uint64        // ms of the second frame of the file
	}{
		"sound first":   {0, time.Second, 960, 1000},
		"picture first": {500 * time.Millisecond, 0, 24000 + 960, 33},
		"together":      {0, 0, 960, 33},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				if err := e.WriteFilm(io.Discard, io.Discard); err == nil {
					t.Error("a film of nothing")
				}
				p.filming.Store(true)
				p.readers.Go(func() { time.Sleep(c.picture); p.film(60, nil) })
				time.Sleep(c.sound)
				p.play(100, nil)
				time.Sleep(3 * time.Second)
				var sound, picture bytes.Buffer
				must(t, e.WriteFilm(&sound, &picture))
				positions, payloads := readOgg(t, sound.Bytes())
				if first := slices.IndexFunc(payloads, func(b []byte) bool { return bytes.Equal(b, opus20) }); first < 0 || positions[first] != c.position {
					t.Errorf("the sound begins with %v, expected %d", positions[:3], c.position)
				}
				late := c.position > 960 // and then there is silence at the beginning
				if len(positions) != 100+map[bool]int{true: 1}[late] || positions[0] != 960 || bytes.Equal(payloads[0], silentOpus) != late {
					t.Errorf("%d packets, the first ends at %d", len(positions), positions[0])
				}
				times, frames, promised := readIVF(t, picture.Bytes())
				if times[0] != 0 || times[1] != c.shown || int(promised) != len(frames) || len(frames) != 60+min(1, int(c.shown/1000)) || !isKeyFrame(frames[0]) {
					t.Errorf("%d frames of %d, at %v", len(frames), promised, times[:3])
				}
				for _, err := range []error{e.WriteFilm(brokenWriter{}, io.Discard), e.WriteFilm(io.Discard, brokenWriter{})} {
					if !errors.Is(err, io.ErrClosedPipe) {
						t.Errorf("%v", err)
					}
				}
			})
		})
	}
}

func isKeyFrame(b []byte) bool {
	return b[0]&1 == 0 && binary.BigEndian.Uint16(b[3:]) == 0x9d01
}

func TestWriteFilmNeedsSenderReports(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(10, nil)
		p.sendAudio(nil)
		settle()
		if err := e.WriteFilm(io.Discard, io.Discard); err == nil {
			t.Error("a film of legs of which nothing tells how they belong together")
		}
	})
}

func TestCopyIVFLeavesOutWhatComesTooLate(t *testing.T) {
	var file bytes.Buffer
	o := ivfWriter{w: &file}
	for _, i := range []int{-1, 0, 2, 1, 2, 3} {
		p := Packet{Timestamp: uint32(3000 * i), Marker: true, Payload: vp8Payload(true, i == 0, i+1)}
		if rest := o.next([]Packet{p}); len(rest) > 0 {
			t.Errorf("%d packets are left", len(rest))
		}
	}
	if times, _, _ := readIVF(t, file.Bytes()); !slices.Equal(times, []uint64{0, 66, 100}) {
		t.Errorf("the frames are at %v", times)
	}
}

// reported gives a stream of sound Sender Reports: each arrives so long after the beginning, with an NTP time that is off by so much.
func reported(t *testing.T, stalls *stallMeter, begin time.Time, reports ...[2]time.Duration) (*stream, []Violation) {
	t.Helper()
	cfg, err := newConfig(nil)
	must(t, err)
	var l ledger
	s := newStream(cfg, &l, stalls, &dropMeter{}, 1, MediaAudio)
	for _, r := range reports {
		s.senderReport(&rtcp.SenderReport{NTPTime: toNTP(begin.Add(r[0] + r[1])), RTPTime: uint32(ticks(r[0], 48000))}, begin.Add(r[0]))
	}
	return s, l.list()
}

func TestReportsMayPartFromALineByALittle(t *testing.T) {
	const ms = time.Millisecond
	begin := time.Unix(1_700_000_000, 0)
	var stalled stallMeter
	stalled.tick(begin.Add(-time.Second))
	stalled.tick(begin.Add(time.Second))
	for name, c := range map[string]struct {
		stalls *stallMeter
		step   time.Duration
		off    time.Duration
		want   bool
	}{
		"90 ms":                         {&stallMeter{}, time.Second, 90 * ms, false},
		"200 ms":                        {&stallMeter{}, time.Second, 200 * ms, true},
		"200 ms back":                   {&stallMeter{}, time.Second, -200 * ms, true},
		"200 ms while the machine hung": {&stalled, time.Second, 200 * ms, false},
		"half a millesimal of an hour":  {&stallMeter{}, time.Hour, 1800 * ms, false},
		"two millesimals of an hour":    {&stallMeter{}, time.Hour, 7200 * ms, true},
	} {
		_, got := reported(t, c.stalls, begin, [2]time.Duration{}, [2]time.Duration{c.step, c.off})
		if slices.Contains(kinds(got), ViolationClock) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheFastestOnesTellTheDistance(t *testing.T) {
	const ms = time.Millisecond
	begin := time.Unix(1_700_000_000, 0)
	s, _ := reported(t, &stallMeter{}, begin, [2]time.Duration{0, -70 * ms}, [2]time.Duration{time.Second, -20 * ms}, [2]time.Duration{2 * time.Second, -60 * ms})
	if got, ok := s.transit(); !ok || got.Round(ms) != 20*ms {
		t.Errorf("the reports took %v, %v", got, ok)
	}
	for _, late := range []time.Duration{50 * ms, 5 * ms, 40 * ms} {
		s.timeline.begins = append(s.timeline.begins, leadAt{arrival: begin.Add(3*time.Second + late), stamp: 3 * 48000})
	}
	if got, ok := s.lag(); !ok || got.Round(ms) != 65*ms { // the latest report is 60 ms behind
		t.Errorf("the sound is %v late, %v", got, ok)
	}
}
