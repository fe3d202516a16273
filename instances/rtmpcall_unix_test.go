//go:build unix

package instances

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// diary is Events that are kept.
type diary struct {
	mu     sync.Mutex
	states []models.ConnState
	ends   []error
}

func (d *diary) StreamEnd(_ int64, _ models.StreamType, _ models.Device, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ends = append(d.ends, err)
}

func (d *diary) ConnectionChange(_ int64, state models.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.states = append(d.states, state)
}

func (d *diary) Upgrade(int64, models.MediaState)     {}
func (d *diary) TrackStart(int64, PlaylistTrack)      {}
func (d *diary) TrackEnd(int64, PlaylistTrack, error) {}
func (d *diary) RejoinNeeded(int64)                   {}
func (d *diary) Rejoins() bool                        { return false }

// await waits until the states and ends are as told.
func (d *diary) await(t *testing.T, what string, is func(states []models.ConnState, ends []error) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		d.mu.Lock()
		states, ends := slices.Clone(d.states), slices.Clone(d.ends)
		d.mu.Unlock()
		if is(states, ends) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never %s: %v, %v", what, states, ends)
		}
	}
}

// tone is a Source that never ends: raw sound.
type tone struct{}

func (tone) Tracks() media.Track { return media.TrackAudio }

func (tone) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(io.MultiReader(strings.NewReader(toneHeader), loud{}), nil, nil), nil
}

// toneHeader is the beginning of raw sound.
const toneHeader = "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff"

type loud struct{}

func (loud) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0x20
	}
	return len(b), nil
}

// broadcastBy starts a broadcast whose ffmpeg is a script. Each start of it is a line in the returned file.
func broadcastBy(t *testing.T, script string, limits pushLimits) (c *RTMPCall, d *diary, starts func() int) {
	t.Helper()
	return broadcastLogged(t, script, limits, slog.DiscardHandler)
}

// broadcastLogged is broadcastBy with a log.
func broadcastLogged(t *testing.T, script string, limits pushLimits, log slog.Handler) (c *RTMPCall, d *diary, starts func() int) {
	t.Helper()
	leak.Check(t)
	folder := t.TempDir()
	path, notes := filepath.Join(folder, "ffmpeg"), filepath.Join(folder, "starts")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho >>'"+notes+"'\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	d = new(diary)
	env := &Environment{
		Logger: slog.New(log), Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{Path: path}), Events: d,
	}
	target, err := media.ParsePushTarget("rtmp://127.0.0.1:1/live/5ecret") // too short a key to be looked for where nobody says that it is one
	if err != nil {
		t.Fatal(err)
	}
	c = NewRTMPCall(1, target, env)
	c.limits = limits
	t.Cleanup(func() {
		c.Stop(context.Background(), models.ErrClosed)
		env.Scheduler.Close()
		if err := env.Runner.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.SetStreamSources(t.Context(), tone{}, media.EncodeOptions{VideoWidth: 640, VideoHeight: 360}); err != nil {
		t.Fatal(err)
	}
	return c, d, func() int {
		text, err := os.ReadFile(notes)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		return strings.Count(string(text), "\n")
	}
}

var shortLimits = pushLimits{
	minBackoff: 10 * time.Millisecond, maxBackoff: 80 * time.Millisecond, refusedBackoff: 40 * time.Millisecond, renews: time.Hour, patience: 500 * time.Millisecond, holds: time.Hour,
	backlog: 8 * time.Second, farewell: 500 * time.Millisecond, mature: time.Hour, oldest: time.Hour,
}

func TestAServerThatRefusesIsTriedAgainAndThenGivenUpOnce(t *testing.T) {
	c, d, starts := broadcastBy(t, "echo 'Server error: 5ecret is taken; Connection refused' >&2; exit 1", shortLimits)
	d.await(t, "given up", func(states []models.ConnState, ends []error) bool {
		return slices.Equal(states, []models.ConnState{models.Connecting, models.Failed}) && len(ends) == 1
	})
	if n := starts(); n < 3 {
		t.Errorf("it was tried %d times", n)
	}
	err := d.ends[0]
	if !errors.Is(err, models.ErrConnectionFailed) || !strings.Contains(err.Error(), "no server at this address") || strings.Contains(err.Error(), "5ecret") {
		t.Errorf("it ended with %v", err)
	}
	if !c.Dead() || c.Time() != 0 {
		t.Errorf("dead: %v, at %d", c.Dead(), c.Time())
	}
	if err := c.SetStreamSources(t.Context(), tone{}, media.EncodeOptions{}); !errors.Is(err, models.ErrNotConnected) || !errors.Is(err, models.ErrConnectionFailed) {
		t.Errorf("then a source gives %v", err)
	}
}

// waits is a log that hands on how long a broadcast is going to wait.
type waits struct {
	slog.Handler
	in chan time.Duration
}

func (w waits) Handle(ctx context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "in" {
			w.in <- a.Value.Duration()
		}
		return true
	})
	return w.Handler.Handle(ctx, r)
}

// TestTheWaitsOfBroadcastsDiffer: a server that is back would otherwise be asked by all of them at one moment.
func TestTheWaitsOfBroadcastsDiffer(t *testing.T) {
	limits := shortLimits
	limits.minBackoff, limits.maxBackoff, limits.patience = time.Hour, day, time.Hour
	seen := map[time.Duration]bool{}
	for range 2 {
		w := waits{slog.NewTextHandler(io.Discard, nil), make(chan time.Duration, 1)}
		c, _, _ := broadcastLogged(t, "exit 1", limits, w)
		wait := <-w.in
		if wait < 45*time.Minute || wait > 75*time.Minute {
			t.Errorf("it waits %s, expected an hour, or a quarter more or less", wait)
		}
		seen[wait] = true
		c.Stop(t.Context(), models.ErrClosed)
	}
	if len(seen) != 2 {
		t.Errorf("two broadcasts wait equally long: %v", seen)
	}
}

func TestAServerThatTakesEveryoneAndClosesSoonIsGivenUpToo(t *testing.T) {
	_, d, _ := broadcastBy(t, "echo total_size=100; head -c 20000 >/dev/null; exit 1", shortLimits)
	d.await(t, "given up", func(states []models.ConnState, ends []error) bool {
		return len(states) > 4 && states[len(states)-1] == models.Failed && len(ends) == 1
	})
	for i, state := range d.states[1 : len(d.states)-1] {
		if want := []models.ConnState{models.Connected, models.Disconnected}[i%2]; state != want {
			t.Fatalf("the states were %v", d.states)
		}
	}
}

func TestAConnectionThatHoldsRenewsThePatience(t *testing.T) {
	limits := shortLimits
	limits.holds = 100 * time.Millisecond
	// Each connection lasts some 300 ms, longer than what counts as holding; all together far longer than the patience.
	c, d, starts := broadcastBy(t, "echo total_size=100; sleep 0.3; exit 1", limits)
	d.await(t, "often enough", func([]models.ConnState, []error) bool { return starts() >= 5 })
	if c.Dead() {
		t.Errorf("it was given up: %v", d.states)
	}
}

func TestAnEncoderThatTakesNothingIsAHungConnection(t *testing.T) {
	limits := shortLimits
	limits.backlog, limits.patience = 300*time.Millisecond, 3*time.Second
	_, d, starts := broadcastBy(t, "echo total_size=100; exec sleep 60", limits)
	d.await(t, "given up", func(states []models.ConnState, ends []error) bool {
		return len(states) > 0 && states[len(states)-1] == models.Failed && len(ends) == 1
	})
	if err := d.ends[0]; !errors.Is(err, models.ErrConnectionFailed) || !errors.Is(err, models.ErrStalled) {
		t.Errorf("it ended with %v", err)
	}
	if n := starts(); n < 2 {
		t.Errorf("it was tried %d times", n)
	}
}

func TestWithoutAConnectionTheMediaStandsStill(t *testing.T) {
	limits := shortLimits
	limits.patience = time.Hour
	c, d, starts := broadcastBy(t, "exit 1", limits)
	d.await(t, "a few attempts", func([]models.ConnState, []error) bool { return starts() >= 3 })
	if at := c.Time(); at != 0 {
		t.Errorf("the position is %d", at)
	}
	begin := time.Now()
	c.Stop(t.Context(), models.ErrClosed)
	if took := time.Since(begin); took > stopTimeout+time.Second {
		t.Errorf("Stop took %v", took)
	}
	if len(d.ends) != 0 || d.states[len(d.states)-1] != models.Closed {
		t.Errorf("Stop was told as %v, %v", d.states, d.ends)
	}
}

func TestStopLetsTheServerKnow(t *testing.T) {
	folder := t.TempDir()
	said := filepath.Join(folder, "said")
	c, d, _ := broadcastBy(t, fmt.Sprintf("echo total_size=100; cat >/dev/null; echo good-bye >'%s'", said), shortLimits)
	d.await(t, "connected", func(states []models.ConnState, _ []error) bool { return slices.Contains(states, models.Connected) })
	c.Stop(t.Context(), models.ErrClosed)
	if text, err := os.ReadFile(said); err != nil || string(text) != "good-bye\n" {
		t.Errorf("the program behind the broadcast was not let end by itself: %q, %v", text, err)
	}
}
