//go:build unix

package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/ffmpeg"
)

// A program that gives a second of sound and is stopped, or killed, plays ffmpeg: all of that is read ahead long before the listener has heard it.
func TestWhatWasReadAheadIsPlayedBeforeTheEndOfAProgramIsTold(t *testing.T) {
	if !apart(t) {
		return
	}
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

// stationBanner is what ffmpeg says of a station of HTTP.
const stationBanner = `[info] Input #0, mp3, from 'x':
[info]     icy-name        : A Station
[info]   Duration: N/A, start: 0.000000`

// liveFFmpeg is an ffmpeg that gives a second of sound and then nothing more; when it is started again it does what a command for sh says. It notes each start.
func liveFFmpeg(t *testing.T, again string) (path string, starts func() int) {
	t.Helper()
	folder := t.TempDir()
	path, notes := filepath.Join(folder, "ffmpeg"), filepath.Join(folder, "starts")
	script := fmt.Sprintf("#!/bin/sh\necho >>'%s'\nsong='%s'\necho \"%[4]s\" >&2\n"+
		"[ $(wc -l <'%[1]s') = 1 ] || { %[3]s; }\ncat \"$song\"; exec sleep 600\n", notes, oggFile(t, 50), again, stationBanner)
	must(t, os.WriteFile(path, []byte(script), 0o700))
	return path, func() int {
		text, _ := os.ReadFile(notes) // none is no start
		return bytes.Count(text, []byte("\n"))
	}
}

func TestALiveSourceThatStallsIsOpenedAgain(t *testing.T) {
	if !apart(t) {
		return
	}
	const rtmp = "rtmp://127.0.0.1/live/key"
	for _, tt := range []struct {
		name, url, again string
		starts, plays    int // seconds
		want             error
	}{
		{"and goes on", rtmp, `exec cat "$song"`, 2, 2, nil},
		{"and stalls each time", rtmp, ":", 4, 4, gotgcall.ErrStalled},
		{"and cannot be", rtmp, "exit 1", 4, 1, gotgcall.ErrStalled},
		{"a station of HTTP", "http://127.0.0.1:1/station.mp3", "exit 1", 4, 1, gotgcall.ErrStalled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, starts := liveFFmpeg(t, tt.again)
			s := newStudio(t, gotgcall.WithPatience(0, 300*time.Millisecond), gotgcall.WithFFmpegPath(path))
			ep := s.join(1)
			must(t, s.client.SetStreamSources(1, gotgcall.FromURL(tt.url)))
			if err := s.end(); !errors.Is(err, tt.want) {
				t.Errorf("it ended with %v, expected %v", err, tt.want)
			}
			if n := starts(); n != tt.starts {
				t.Errorf("%d starts, expected %d", n, tt.starts)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := ep.WaitPackets(ctx, ep.AudioSSRC(), int64(tt.plays)*50); err != nil {
				t.Error(err)
			}
			if at, err := s.client.Time(1); err != nil || at != uint64(tt.plays)*1000 { //nolint:gosec // a few
				t.Errorf("the position is %d ms, %v, expected it to go on up to %d s", at, err, tt.plays)
			}
			select {
			case err := <-s.ends:
				t.Errorf("another end: %v", err)
			case <-time.After(100 * time.Millisecond):
			}
		})
	}
}
