package gotgcall_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
)

func TestNewNamesTheFFmpegThatIsMissing(t *testing.T) {
	const path = "/no/such/ffmpeg"
	_, err := gotgcall.New(gotgcall.WithFFmpegPath(path))
	if !errors.Is(err, gotgcall.ErrFFmpegSpawn) || !strings.Contains(err.Error(), path) {
		t.Errorf("the error is «%v», expected ErrFFmpegSpawn that names %s", err, path)
	}
}

func TestWithoutFFmpegOnlySourcesThatNeedItFail(t *testing.T) {
	inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithFFmpegPath("/no/such/ffmpeg")}, func(t *testing.T, w *world) {
		w.join(1)
		is(t, w.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")), gotgcall.ErrFFmpegSpawn)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
	})
}

func TestCloseInsideACallbackReturnsAndTheRestIsDelivered(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var states []gotgcall.ConnState
		closed := make(chan error, 1)
		w.client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
			states = append(states, info.State)
			if info.State == gotgcall.Connected {
				closed <- w.client.Close()
			}
		})
		w.join(1)
		must(t, <-closed)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(states) != 3 || states[2] != gotgcall.Closed {
			t.Errorf("the states were %v, expected Connecting, Connected, Closed", states)
		}
	})
}

func TestCloseInsideACallbackThatCloseWaitsForReturnsAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
			if info.State == gotgcall.Closed {
				must(t, w.client.Close())
			}
		})
		w.join(1)
		w.join(2) // for the second of the two events Close waits, and with it for the first
		start := time.Now()
		must(t, w.client.Close())
		if took := time.Since(start); took > time.Second {
			t.Errorf("Close took %s", took)
		}
	})
}

func TestASlowOrPanickingCallbackHoldsUpNoMediaAndLosesNoEvent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ends := 0
		w.client.OnStreamEnd(func(int64, gotgcall.StreamType, gotgcall.Device, error) {
			ends++
			time.Sleep(10 * time.Second)
			panic("a defect of the bot")
		})
		const calls = 5
		for chat := range int64(calls) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, song{packets: 50}))
		}
		w.join(calls)
		must(t, w.client.SetStreamSources(calls, song{packets: 500}))
		time.Sleep(2 * time.Minute)
		must(t, w.client.Close())
		if ends != calls+1 {
			t.Errorf("%d ends were delivered, expected %d", ends, calls+1)
		}
		checkSteady(t, w.records(calls))
	})
}

func TestRemovedAndReplacedCallbacksAreNotCalled(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.client.OnStreamEnd(nil)
		w.client.OnConnectionChange(nil)
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 5}))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(w.log.ended()) != 0 || len(w.log.connection()) != 0 {
			t.Error("a callback that was removed has been called")
		}
	})
}

func TestASourceThatHangsInItsCloseDoesNotHoldUpStop(t *testing.T) {
	release := make(chan struct{})
	inFakeTime(t, func(t *testing.T, w *world) {
		release = make(chan struct{})
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500, reader: func(r io.Reader) io.Reader { return stubborn{r, release} }}))
		time.Sleep(time.Second)
		start := time.Now()
		must(t, w.client.Stop(1))
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Stop took %s", took)
		}
		close(release)
	})
}

// stubborn is a reader whose Close waits.
type stubborn struct {
	io.Reader
	release chan struct{}
}

func (s stubborn) Close() error { <-s.release; return nil }

func TestEventsThatPileUpBeyondTheBufferAreWarnedAbout(t *testing.T) {
	for buffer, want := range map[int]bool{3: true, 100: false} {
		var log lockedBuffer
		client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithDispatchBuffer(buffer), gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		must(t, err)
		release := make(chan struct{})
		var events atomic.Int32
		client.OnConnectionChange(func(int64, gotgcall.NetworkInfo) {
			events.Add(1)
			<-release
		})
		for chat := range int64(8) {
			_, err := client.CreateCall(chat)
			must(t, err)
			must(t, client.Stop(chat))
		}
		close(release)
		must(t, client.Close())
		if got := strings.Contains(log.String(), "level=WARN"); got != want {
			t.Errorf("with a buffer of %d and 8 events the log says %q", buffer, log.String())
		}
		if n := events.Load(); n != 8 {
			t.Errorf("%d of 8 events were delivered", n)
		}
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestThousandsOfEndsWaitForASlowCallback: they come from calls that go on playing meanwhile, all once, and those of a call in order.
func TestThousandsOfEndsWaitForASlowCallback(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		const calls, tracks = 10, 200
		next := map[int64]int{}
		slow := true
		w.client.OnTrackEnd(func(chat int64, track gotgcall.PlaylistTrack, err error) {
			if slow {
				slow = false
				time.Sleep(10 * time.Second)
			}
			if track.ID != next[chat] || err != nil {
				t.Errorf("chat %d: the end of track %d came, with %v, expected that of %d", chat, track.ID, err, next[chat])
			}
			next[chat]++
		})
		for chat := range int64(calls) {
			w.join(chat)
			list := gotgcall.NewPlaylist(slices.Repeat([]gotgcall.Source{song{packets: 1, ticks: 120}}, tracks)...)
			must(t, w.client.SetStreamSources(chat, list))
		}
		time.Sleep(time.Minute)
		must(t, w.client.Close())
		for chat := range int64(calls) {
			if next[chat] != tracks {
				t.Errorf("chat %d: %d ends came, expected %d", chat, next[chat], tracks)
			}
		}
	})
}
