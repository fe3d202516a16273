//go:build unix

package app

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/testkit"
)

// broadcast pushes a test card until what it returns is called, with key frames each second; it connects again when it loses its connection.
func broadcast(t *testing.T, to string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=r=10:s=320x180", "-f", "lavfi", "-i", "sine=r=48000",
				"-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", to).Run()
		}
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// parts are the addresses in a playlist.
var parts = regexp.MustCompile(`(?m)^[^#\n]+$|URI="[^"]+"`)

// play does what a player does until ctx ends: the playlist each second, and whatever is new in it. It returns how many segments it got.
func (v *viewer) play(ctx context.Context) (got int, err error) {
	seen := map[string]bool{}
	for {
		code, list, err := v.get(media.Index)
		if err != nil || code != http.StatusOK {
			return got, fmt.Errorf("playlist: %d %w", code, err)
		}
		for _, part := range parts.FindAllString(string(list), -1) {
			if seen[part] {
				continue
			}
			seen[part] = true
			name := part
			if code := regexp.MustCompile(`URI="(.+)"`).FindStringSubmatch(part); code != nil {
				name = code[1]
			}
			if code, body, err := v.get(name); err != nil || code != http.StatusOK || len(body) == 0 {
				return got, fmt.Errorf("%s: %d, %d bytes, %w", name, code, len(body), err)
			}
			got++
		}
		select {
		case <-ctx.Done():
			return got, nil
		case <-time.After(time.Second):
		}
	}
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestTwoHundredViewersGetTheWholeStream(t *testing.T) {
	const crowd, span = 200, 4 * time.Second
	a := start(t, settings(t, nil))
	l, url, err := a.NewLink(t.Context(), store.LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	broadcast(t, "rtmp://"+a.config.RTMPAddr+"/live/stream")
	testkit.Eventually(t, "the broadcast", func() bool { return a.media.Status().State == media.Live })
	var viewers []*viewer
	for range crowd {
		viewers = append(viewers, watch(t, url))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began, used := time.Now(), cpu()
	var segments atomic.Int64
	var all sync.WaitGroup
	for _, v := range viewers {
		all.Go(func() {
			n, err := v.play(ctx)
			if err != nil {
				t.Error(err)
			}
			segments.Add(int64(n))
		})
	}
	testkit.Eventually(t, "all of them", func() bool { return a.gate.Viewers()[l.ID] == crowd })
	testkit.Eventually(t, "the end", func() bool { return time.Since(began) > span })
	cancel()
	all.Wait()
	took := time.Since(began)
	t.Logf("%d viewers for %v: %d parts, %.2f cores of this process, which plays the viewers too", crowd, took.Round(time.Millisecond), segments.Load(),
		(cpu()-used).Seconds()/took.Seconds())
}

func TestViewersGoOnAfterAGapOfTheBroadcast(t *testing.T) {
	a := start(t, settings(t, nil))
	_, url, err := a.NewLink(t.Context(), store.LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	to := "rtmp://" + a.config.RTMPAddr + "/live/stream"
	stop := broadcast(t, to)
	live := func() bool { return a.announce.status().State == media.Live }
	testkit.Eventually(t, "the broadcast", live)
	v := watch(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan error, 1)
	go func() {
		_, err := v.play(ctx) // one player, without a reload
		played <- err
	}()
	stop()
	testkit.Eventually(t, "the gap", func() bool { return !live() })
	again := time.Now()
	broadcast(t, to)
	testkit.Eventually(t, "the broadcast after the gap", live)
	t.Logf("publisher starts → a new segment: %v", time.Since(again).Round(time.Millisecond))
	cancel()
	if err := <-played; err != nil {
		t.Error(err)
	}
}
