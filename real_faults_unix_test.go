//go:build unix

package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/internal/ffmpeg"
)

// oggFile makes a file of so many Opus packets of 20 ms.
func oggFile(t *testing.T, packets int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "song.ogg")
	must(t, os.WriteFile(path, oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(packets, 960, 101))), 0o600))
	return path
}

// A program that gives a second of sound and is stopped, or killed, plays ffmpeg: all of that is read ahead long before the listener has heard it.
func TestWhatWasReadAheadIsPlayedBeforeTheEndOfAProgramIsTold(t *testing.T) {
	const packets = 50
	file := oggFile(t, packets)
	for _, tt := range []struct {
		what, signal string
		want         error
		stall, limit time.Duration
	}{
		{"stopped", "STOP", gotgcall.ErrStalled, time.Second, 20 * time.Second}, // a second of stall and one more
		{"killed", "KILL", gotgcall.ErrFFmpegCrashed, time.Minute, 10 * time.Second},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := newStudio(t, gotgcall.WithPatience(0, tt.stall))
			ep := s.join(1)
			command := fmt.Sprintf(`sh -c 'cat "$0"; kill -%s $$' %s`, tt.signal, file)
			must(t, s.client.SetStreamSources(1, gotgcall.FromShell(command, gotgcall.TrackAudio)))
			err := s.end()
			is(t, err, tt.want)
			if exit := (*ffmpeg.ExitError)(nil); tt.signal == "KILL" && (!errors.As(err, &exit) || exit.Signal != "SIGKILL") {
				t.Errorf("the error does not name signal 9: %v", err)
			}
			stats, err := s.client.Stats(1)
			must(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_ = ep.WaitPackets(ctx, ep.AudioSSRC(), packets)
			if n := len(ep.Records(ep.AudioSSRC())); n != packets {
				t.Errorf("the listener got %d packets, expected %d", n, packets)
			}
			late := stats.Audio.LastEnd.Sub(stats.Audio.LastSent)
			t.Logf("the end came %v after the last packet", late)
			if late > tt.limit || tt.signal == "STOP" && late < tt.stall {
				t.Errorf("the end came %v after the last packet", late)
			}
			must(t, s.client.SetStreamSources(1, gotgcall.FromFile(oggFile(t, 10)))) // the call goes on
			if err := s.end(); err != nil {
				t.Errorf("the next song ended with %v: or was it another end of the one before?", err)
			}
		})
	}
}
