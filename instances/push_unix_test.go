//go:build unix

package instances

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall/media"
	"gotgcall/models"
)

// lever is a server that the test switches on and off. What it takes goes into a file.
type lever struct {
	t        *testing.T
	up, took string
}

func newLever(t *testing.T) *lever {
	folder := t.TempDir()
	return &lever{t: t, up: filepath.Join(folder, "up"), took: filepath.Join(folder, "took")}
}

// script is the ffmpeg that pushes to it.
func (l *lever) script() string {
	return fmt.Sprintf(`[ -e '%[1]s' ] || { echo 'Connection refused' >&2; exit 1; }
echo total_size=100
exec 3<&0
cat <&3 >>'%[2]s' &
while kill -0 $! 2>/dev/null; do
	[ -e '%[1]s' ] || { kill $!; exit 1; }
	sleep 0.02
done
`, l.up, l.took)
}

// on switches it on. What it took before is forgotten.
func (l *lever) on() {
	l.t.Helper()
	if err := os.Remove(l.took); err != nil && !errors.Is(err, os.ErrNotExist) {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(l.up, nil, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// off switches it off.
func (l *lever) off() {
	l.t.Helper()
	if err := os.Remove(l.up); err != nil {
		l.t.Fatal(err)
	}
}

// read returns what it took since it was switched on.
func (l *lever) read() []byte {
	l.t.Helper()
	took, err := os.ReadFile(l.took)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		l.t.Fatal(err)
	}
	return took
}

// has tells whether it took something.
func (l *lever) has(what []byte) bool {
	l.t.Helper()
	return bytes.Contains(l.read(), what)
}

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}

// last waits until the newest state is the given one, after n of that kind.
func (d *diary) last(t *testing.T, want models.ConnState, n int) {
	t.Helper()
	d.await(t, fmt.Sprintf("%v for the %d. time", want, n), func(states []models.ConnState, _ []error) bool {
		seen := 0
		for _, s := range states {
			if s == want {
				seen++
			}
		}
		return seen >= n && states[len(states)-1] == want
	})
}

// seekTone is a tone that can be sought in.
type seekTone struct{ tone }

func (s seekTone) OpenAt(ctx context.Context, _ time.Duration) (*media.Streams, error) {
	return s.Open(ctx)
}

// slides is a film that never ends: grey pictures and a tone.
type slides struct{}

func (slides) Tracks() media.Track { return media.TrackAudio | media.TrackVideo }

func (slides) Open(ctx context.Context) (*media.Streams, error) {
	s, err := tone{}.Open(ctx)
	picture := append([]byte("FRAME\n"), bytes.Repeat([]byte{0x60}, 640*360*3/2)...)
	return media.NewStreams(s.Audio, io.MultiReader(strings.NewReader("YUV4MPEG2 W640 H360 F5:1\n"), &again{of: picture}), nil), err
}

// again is a reader that gives the same over and over.
type again struct {
	of []byte
	at int
}

func (a *again) Read(b []byte) (int, error) {
	n := copy(b, a.of[a.at:])
	a.at = (a.at + n) % len(a.of)
	return n, nil
}

// loudBlock is a piece of the tone, longer than what is alike by chance.
var loudBlock = bytes.Repeat([]byte{0x20}, 3000)

// patient limits leave a test the time it needs.
func patientLimits() pushLimits {
	limits := shortLimits
	limits.patience = time.Hour
	return limits
}

// droppedOff starts a broadcast of a source that can be sought in, and lets it lose its server.
func droppedOff(t *testing.T) (c *RTMPCall, d *diary, server *lever) {
	t.Helper()
	server = newLever(t)
	server.on()
	c, d, _ = broadcastBy(t, server.script(), patientLimits())
	d.last(t, models.Connected, 1)
	if err := c.SetStreamSources(t.Context(), seekTone{}, media.EncodeOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "half a second of the tone", func() bool { return c.Time() >= 500 })
	server.off()
	d.last(t, models.Disconnected, 1)
	return c, d, server
}

func TestAPauseDuringAnOutageOutlivesIt(t *testing.T) {
	c, d, server := droppedOff(t)
	at := c.Time()
	for i, control := range []func() (bool, error){c.Pause, c.Resume, c.Pause} {
		if changed, err := control(); !changed || err != nil {
			t.Fatalf("control %d: %v, %v", i, changed, err)
		}
	}
	server.on()
	d.last(t, models.Connected, 2)
	silence := c.Stats().Push.Silence
	until(t, "silence", func() bool { return c.Stats().Push.Silence >= silence+300*time.Millisecond })
	if now := c.Time(); now != at || !c.State().Paused || server.has(loudBlock) {
		t.Errorf("paused at %d ms, and at %d ms after the outage, %+v; heard: %v", at, now, c.State(), server.has(loudBlock))
	}
	if changed, err := c.Resume(); !changed || err != nil {
		t.Fatalf("Resume: %v, %v", changed, err)
	}
	until(t, "the tone", func() bool { return server.has(loudBlock) && c.Time() > at })
}

func TestAResumeDuringAnOutageLetsItGoOnAfterwards(t *testing.T) {
	c, d, server := droppedOff(t)
	at := c.Time()
	if _, err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Resume(); !changed || err != nil || c.Time() != at {
		t.Fatalf("Resume: %v, %v; at %d ms, before %d", changed, err, c.Time(), at)
	}
	server.on()
	d.last(t, models.Connected, 2)
	until(t, "the tone again", func() bool { return server.has(loudBlock) && c.Time() > at })
}

func TestASeekDuringAnOutageIsThereAtOnceAndPlaysAfterwards(t *testing.T) {
	c, d, server := droppedOff(t)
	at := c.Time()
	if err := c.SeekBy(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := c.SeekBy(t.Context(), -20*time.Second); err != nil {
		t.Fatal(err)
	}
	sought := at + 40_000
	if now := c.Time(); now != sought {
		t.Errorf("from %d ms it went to %d, expected %d", at, now, sought)
	}
	server.on()
	d.last(t, models.Connected, 2)
	until(t, "the tone", func() bool { return server.has(loudBlock) })
	until(t, "behind the new position", func() bool { return c.Time() > sought })
}

func TestAMuteDuringAnOutageIsSilenceAfterwards(t *testing.T) {
	c, d, server := droppedOff(t)
	at := c.Time()
	if changed, err := c.SetMuted(true); !changed || err != nil || !c.State().Muted {
		t.Fatalf("SetMuted: %v, %v, %+v", changed, err, c.State())
	}
	server.on()
	d.last(t, models.Connected, 2)
	until(t, "half a second on", func() bool { return c.Time() >= at+500 })
	if server.has(loudBlock) {
		t.Error("it was heard while muted")
	}
	if changed, err := c.SetMuted(false); !changed || err != nil {
		t.Fatalf("SetMuted: %v, %v", changed, err)
	}
	until(t, "the tone", func() bool { return server.has(loudBlock) })
}

func TestASourceThatIsSetWithoutAConnectionIsSeenInTheStateAndPlaysAfterwards(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) (*RTMPCall, *diary, *lever){
		"during an outage": droppedOff,
		"before the first one": func(t *testing.T) (*RTMPCall, *diary, *lever) {
			server := newLever(t)
			c, d, _ := broadcastBy(t, server.script(), patientLimits())
			return c, d, server
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, d, server := prepare(t)
			set := func(s media.Source, stopped bool) {
				t.Helper()
				if err := c.SetStreamSources(t.Context(), s, media.EncodeOptions{}); err != nil {
					t.Fatal(err)
				}
				until(t, fmt.Sprintf("%T in the state", s), func() bool { return c.State().VideoStopped == stopped })
				if now := c.Time(); now != 0 {
					t.Errorf("%T: it is at %d ms", s, now)
				}
			}
			set(slides{}, false)
			set(tone{}, true)
			set(slides{}, false)
			server.on()
			d.last(t, models.Connected, 1)
			until(t, "the picture", func() bool { return server.has(bytes.Repeat([]byte{0x60}, 640*360)) })
			until(t, "half a second", func() bool { return c.Time() >= 500 })
			if len(d.ends) != 0 {
				t.Errorf("the ends were %v", d.ends)
			}
		})
	}
}

func TestStopIsShortWhateverTheConnectionIsDoing(t *testing.T) {
	long := patientLimits()
	long.minBackoff, long.maxBackoff, long.refusedBackoff = time.Hour, time.Hour, time.Hour
	for name, c := range map[string]struct {
		script string
		ready  func(*RTMPCall) bool
	}{
		"waiting for the next attempt": {"exit 1", func(c *RTMPCall) bool { return c.Stats().Push.LastError != nil }},
		"in an attempt":                {"exec sleep 3600", func(c *RTMPCall) bool { return c.Stats().Push.Attempts == 1 }},
		"in one that ignores signals":  {"trap '' TERM INT HUP; while :; do sleep 3600; done", func(c *RTMPCall) bool { return c.Stats().Push.Attempts == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			call, d, _ := broadcastBy(t, c.script, long)
			until(t, "ready", func() bool { return c.ready(call) })
			begin := time.Now()
			call.Stop(t.Context(), models.ErrClosed)
			if took := time.Since(begin); took >= stopTimeout {
				t.Errorf("Stop took %v, which is as long as it waits for what does not end", took)
			}
			if want := []models.ConnState{models.Connecting, models.Closed}; len(d.ends) != 0 || !slices.Equal(d.states, want) {
				t.Errorf("it was told as %v, %v; expected %v", d.states, d.ends, want)
			}
		})
	}
}

func TestWhatBreaksInTheWritingIsTheReasonWhenTheEncoderHasNone(t *testing.T) {
	c, d, _ := broadcastBy(t, "echo total_size=100; exec 0<&-; sleep 0.5; exit 0", patientLimits())
	d.last(t, models.Disconnected, 1)
	until(t, "the reason", func() bool { return c.Stats().Push.LastError != nil })
	if err := c.Stats().Push.LastError; !strings.Contains(err.Error(), "writing the stream") {
		t.Errorf("the reason is %v", err)
	}
}

func TestAConnectionThatIsTooOldIsMadeAnewPolitely(t *testing.T) {
	limits := patientLimits()
	limits.mature, limits.oldest = 300*time.Millisecond, 300*time.Millisecond
	limits.minBackoff, limits.maxBackoff = time.Hour, time.Hour // it waits for nothing
	said := filepath.Join(t.TempDir(), "said")
	c, d, _ := broadcastBy(t, fmt.Sprintf("echo total_size=100; cat >/dev/null; echo good-bye >>'%s'", said), limits)
	d.last(t, models.Connected, 3)
	text, err := os.ReadFile(said)
	if n := strings.Count(string(text), "good-bye"); err != nil || n < 2 {
		t.Errorf("the server was told of the end %d times, expected twice, %v", n, err)
	}
	d.mu.Lock()
	for i, state := range d.states[1:] {
		if want := []models.ConnState{models.Connected, models.Disconnected}[i%2]; state != want {
			t.Fatalf("the states were %v", d.states)
		}
	}
	d.mu.Unlock()
	if s := c.Stats().Push; !errors.Is(s.LastError, errAged) || s.Attempts < 3 {
		t.Errorf("%d attempts, the last one ended with %v", s.Attempts, s.LastError)
	}
	if at := c.Time(); at < 500 || len(d.ends) != 0 {
		t.Errorf("at %d ms, the ends %v", at, d.ends)
	}
}

func TestAMatureConnectionIsMadeAnewInTheNextPause(t *testing.T) {
	limits := patientLimits()
	limits.mature = 10 * time.Millisecond
	server := newLever(t)
	server.on()
	c, d, _ := broadcastBy(t, server.script(), limits)
	until(t, "far beyond that age", func() bool { return c.Time() >= 1500 })
	if n := c.Stats().Push.Connections; n != 1 {
		t.Errorf("%d connections while it plays, expected 1", n)
	}
	if _, err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	d.last(t, models.Connected, 2)
	at := c.Time()
	if _, err := c.Resume(); err != nil {
		t.Fatal(err)
	}
	until(t, "going on", func() bool { return c.Time() > at })
}
