//go:build unix

package instances

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// stationSecond is a second of what a live source plays: each of them sounds different.
func stationSecond(n int) []byte {
	return bytes.Repeat([]byte{byte(n + 1), 0x11}, 2*48000)
}

// stationBanner is what ffmpeg says of a station of HTTP.
const stationBanner = `[info] Input #0, mp3, from 'x':
[info]     icy-name        : A Station
[info]   Duration: N/A, start: 0.000000`

// station is the live source at a URL, whose ffmpeg gives what the test writes.
func station(t *testing.T, url string) (source media.Source, script string, write func([]byte)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "station")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0) // does not wait for a reader
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pipe.Close() })
	write = func(b []byte) {
		t.Helper()
		if err := pipe.SetWriteDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := pipe.Write(b); err != nil {
			t.Fatalf("the live source is not read: %v", err)
		}
	}
	return media.FromURL(url, media.EncodeOptions{Tracks: media.TrackAudio}),
		fmt.Sprintf("case \"$*\" in *pcm_s16le*) echo \"%s\" >&2; exec cat '%s';; esac\n", stationBanner, path), write
}

func TestALiveSourceGoesOnLiveAfterItStoodStill(t *testing.T) {
	const stood = 60 // seconds that the source played meanwhile
	outage, pause := [2]func(*testing.T, *RTMPCall, *diary, *lever){
		func(t *testing.T, _ *RTMPCall, d *diary, server *lever) {
			server.off()
			d.last(t, models.Disconnected, 1)
		},
		func(t *testing.T, _ *RTMPCall, d *diary, server *lever) {
			server.on()
			d.last(t, models.Connected, 2)
		},
	}, [2]func(*testing.T, *RTMPCall, *diary, *lever){
		func(t *testing.T, c *RTMPCall, _ *diary, _ *lever) {
			if _, err := c.Pause(); err != nil {
				t.Fatal(err)
			}
		},
		func(t *testing.T, c *RTMPCall, _ *diary, _ *lever) {
			if _, err := c.Resume(); err != nil {
				t.Fatal(err)
			}
		},
	}
	const rtmp, radio = "rtmp://127.0.0.1:1/live/station", "http://127.0.0.1:1/station.mp3"
	for name, how := range map[string]struct {
		url         string
		stop, start func(*testing.T, *RTMPCall, *diary, *lever)
	}{
		"in an outage": {rtmp, outage[0], outage[1]}, "in a pause": {rtmp, pause[0], pause[1]}, "a station of HTTP, in a pause": {radio, pause[0], pause[1]},
	} {
		t.Run(name, func(t *testing.T) {
			source, script, write := station(t, how.url)
			server := newLever(t)
			server.on()
			c, d, _ := broadcastBy(t, script+server.script(), patientLimits())
			d.last(t, models.Connected, 1)
			write(append([]byte(toneHeader), stationSecond(0)[:40000]...)) // what fits into the pipe
			if err := c.SetStreamSources(t.Context(), source, media.EncodeOptions{}); err != nil {
				t.Fatal(err)
			}
			write(stationSecond(0)[40000:])
			until(t, "the first second", func() bool { return c.Time() >= 500 })
			how.stop(t, c, d, server)
			at := c.Time()
			for n := range stood {
				write(stationSecond(n + 1))
			}
			until(t, "what was written last", func() bool { return c.Stats().Audio.Queued >= 900*time.Millisecond })
			how.start(t, c, d, server)
			begin := time.Now()
			newest := stationSecond(stood)[:1000] // a block of sound has more
			until(t, "the newest", func() bool { return server.has(newest) })
			if waited := time.Since(begin); waited > stood/2*time.Second {
				t.Errorf("what was left out was waited for: %v", waited)
			}
			took := server.read()
			for n := 2; n < stood-2; n++ {
				if bytes.Contains(took, stationSecond(n)[:1000]) {
					t.Errorf("second %d was heard after it had stood still for %d s", n, stood)
				}
			}
			// All that was kept is at most what could wait.
			if now := c.Time(); now <= at || now > at+2500 {
				t.Errorf("the position went from %d to %d ms", at, now)
			}
			if s := c.Stats().Audio; s.LastError != nil || len(d.ends) != 0 {
				t.Errorf("it ended: %v", d.ends)
			}
		})
	}
}

func TestAQueueThatRollsKeepsTheNewestAndStopsNobody(t *testing.T) {
	q := newQueue(10, 1<<20)
	frame := func(i int64) demux.Frame { return demux.Frame{Data: make([]byte, 100), PTS: i, Duration: 1} }
	for i := range int64(10) {
		if _, err := q.push(t.Context(), frame(i)); err != nil {
			t.Fatal(err)
		}
	}
	pushed := make(chan error)
	go func() {
		_, err := q.push(t.Context(), frame(10)) // waits
		pushed <- err
	}()
	until(t, "full", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.waiting
	})
	q.roll(5)
	if err := <-pushed; err != nil {
		t.Fatal(err)
	}
	for i := range int64(1000) {
		if _, err := q.push(t.Context(), frame(11+i)); err != nil {
			t.Fatal(err)
		}
	}
	if f, ok, _, _ := q.peek(); !ok || f.PTS != 1006 || q.count() != 5 {
		t.Errorf("%d frames from %d on, expected 5 from 1006", q.count(), f.PTS)
	}
	if !q.stay() {
		t.Error("it does not know that it has dropped frames")
	}
	q.roll(100)
	if q.stay() {
		t.Error("it says that it has dropped frames, and has not")
	}
}

func TestACodedPictureThatWasReadOnGoesOnWithAKeyFrame(t *testing.T) {
	env := &Environment{Scheduler: pacer.NewScheduler()}
	defer env.Scheduler.Close()
	p := newPlayback(t.Context(), 1, env, encoded)
	l := newLeg(models.Video, models.Camera, demux.NewIVF(nil), time.Second, 1<<20)
	source := media.FromURL("srt://127.0.0.1:1")
	p.current = &stream{request: request{host: p, source: source}, legs: []*leg{l}}
	const interval = 3000 // ticks: 30 pictures a second
	stand := func(pictures int) {
		t.Helper()
		p.readOn(nil, true)
		for i := range int64(pictures) {
			if _, err := l.queue.push(t.Context(), demux.Frame{Data: []byte{1}, PTS: i * interval, Duration: interval}); err != nil {
				t.Fatal(err)
			}
		}
		p.readOn(nil, false)
	}
	stand(10)
	if l.late.drop(demux.Frame{}, 0) {
		t.Error("nothing was left out, and a picture is dropped")
	}
	stand(1000)
	if n := l.queue.count(); n != 30 {
		t.Errorf("%d pictures were kept, expected a second of them", n)
	}
	if !l.late.drop(demux.Frame{}, 0) || l.late.drop(demux.Frame{Key: true}, 0) {
		t.Error("it goes on with a picture that needs those that were left out")
	}
}
