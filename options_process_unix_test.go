//go:build unix

package gotgcall_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/media"
)

// lasting is a source of one process that lives until it is stopped.
func lasting() gotgcall.Source {
	return gotgcall.FromShell(`sh -c 'cat testdata/pages1s.ogg; sleep 60'`, gotgcall.TrackAudio)
}

// limitedTo is a Client with calls 1 and 2 that are not connected, and so many processes.
func limitedTo(t *testing.T, n int, options ...gotgcall.Option) *gotgcall.Client {
	t.Helper()
	leak.Check(t)
	client, err := gotgcall.New(append(options, gotgcall.WithoutFFmpeg(), gotgcall.WithMaxProcesses(n))...)
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	for chat := int64(1); chat <= 2; chat++ {
		_, err := client.CreateCall(chat)
		must(t, err)
	}
	return client
}

func TestASourceBeyondTheProcessLimitWaitsUntilAnotherHasEnded(t *testing.T) {
	client := limitedTo(t, 1)
	play(t, client, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	is(t, client.SetStreamSourcesContext(ctx, 2, lasting()), context.DeadlineExceeded)

	waiting := make(chan error, 1)
	go func() { waiting <- setSource(t.Context(), client, 2) }()
	select {
	case err := <-waiting:
		t.Fatalf("a second process was started, or refused at once: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	must(t, client.Stop(1))
	must(t, <-waiting)
}

func TestASourceIsChangedWhereThereIsRoomForBoth(t *testing.T) {
	client := limitedTo(t, 2)
	for range 3 {
		play(t, client, 1)
	}
}

func TestASourceThatNeedsMoreProcessesThanThereMayBeIsRefused(t *testing.T) {
	const command = `sh -c 'cat testdata/pages1s.ogg; sleep 60'`
	err := limitedTo(t, 1).SetStreamSources(1, gotgcall.FromShells(command, command))
	is(t, err, gotgcall.ErrInvalidParams)
	if err == nil || !strings.Contains(err.Error(), "needs 2 child processes") || !strings.Contains(err.Error(), "WithMaxProcesses allows 1") {
		t.Errorf("the error is %v", err)
	}
}

func TestStopAndCloseEndTheWaitForAProcess(t *testing.T) {
	for name, end := range map[string]func(*gotgcall.Client) error{
		"Stop":  func(c *gotgcall.Client) error { return c.Stop(2) },
		"Close": func(c *gotgcall.Client) error { return c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			client := limitedTo(t, 1)
			play(t, client, 1)
			waiting := make(chan error, 1)
			go func() { waiting <- setSource(t.Context(), client, 2) }()
			select {
			case err := <-waiting:
				t.Fatalf("it did not wait: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			must(t, end(client))
			if err := <-waiting; err == nil {
				t.Error("the source plays")
			}
		})
	}
}

func TestABroadcastThatWaitsForItsEncoderCanBeStopped(t *testing.T) {
	var log lockedBuffer
	client := limitedTo(t, 1, gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	play(t, client, 1)
	must(t, client.StartRTMP(3, "rtmp://127.0.0.1:1/live/key"))
	must(t, client.SetStreamSources(3, wavSilence{}))
	deadline := time.Now().Add(hang)
	for {
		stats, err := client.Stats(3)
		must(t, err)
		if stats.Push.Attempts > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no connection was tried")
		}
		time.Sleep(time.Millisecond)
	}
	must(t, client.Stop(3))
	if strings.Contains(log.String(), "not everything behind it has ended") {
		t.Errorf("something goes on after Stop:\n%s", &log)
	}
}

// wavSilence is a user's Source that a broadcast takes as it is, without a process.
type wavSilence struct{}

func (wavSilence) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func (wavSilence) Open(context.Context) (*media.Streams, error) {
	header := "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff"
	return media.NewStreams(io.MultiReader(strings.NewReader(header), zeros{}), nil, nil), nil
}

// zeros is a reader of zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func setSource(ctx context.Context, client *gotgcall.Client, chat int64) error {
	return client.SetStreamSourcesContext(ctx, chat, lasting())
}

func play(t *testing.T, client *gotgcall.Client, chat int64) {
	t.Helper()
	must(t, setSource(t.Context(), client, chat))
}
