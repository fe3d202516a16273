//go:build unix

package gotgcall_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/ffmpeg"
)

// TestHoweverAProgramEndsItHasOneEnd: what has come of it is played, whatever it says and however it goes.
func TestHoweverAProgramEndsItHasOneEnd(t *testing.T) {
	const packets = 10
	file := oggFile(t, packets)
	for name, c := range map[string]struct {
		script string // $0 is the song
		want   error
		code   int
		says   string
	}{
		"well":                     {`cat "$0"`, nil, 0, ""},
		"with an error":            {`cat "$0"; echo the disk is gone >&2; exit 1`, gotgcall.ErrFFmpegCrashed, 1, "the disk is gone"},
		"with a flood and an end":  {`yes complaint | head -c 20000000 >&2; cat "$0"`, nil, 0, ""},
		"with a flood and a crash": {`cat "$0"; yes complaint | head -c 20000000 >&2; exit 255`, gotgcall.ErrFFmpegCrashed, 255, "complaint"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t)
			ep := s.join(1)
			must(t, s.client.SetStreamSources(1, gotgcall.FromShell(fmt.Sprintf(`sh -c '%s' %s`, c.script, file), gotgcall.TrackAudio)))
			err := s.end()
			is(t, err, c.want)
			if exit := (*ffmpeg.ExitError)(nil); c.code != 0 && (!errors.As(err, &exit) || exit.Code != c.code || !strings.Contains(exit.Stderr, c.says)) {
				t.Errorf("the error is «%v», expected the exit code %d and %q", err, c.code, c.says)
			}
			if n := len(fmt.Sprint(err)); n > 8<<10 {
				t.Errorf("the error has %d bytes", n)
			}
			must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), packets))
			must(t, s.client.SetStreamSources(1, gotgcall.FromFile(file))) // the call goes on
			if err := s.end(); err != nil {
				t.Errorf("the next song ended with %v: or was it another end of the one before?", err)
			}
		})
	}
}

// TestAProgramThatGivesNothingIsNoSource: the song before it goes on, and there is no end of what never began.
func TestAProgramThatGivesNothingIsNoSource(t *testing.T) {
	s := newStudio(t)
	ep := s.join(1)
	const packets = 50
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile(oggFile(t, packets))))
	for script, want := range map[string]error{
		"exit 0":        gotgcall.ErrFile,
		"exit 3":        gotgcall.ErrFFmpegCrashed,
		"kill -9 $$":    gotgcall.ErrFFmpegCrashed,
		"echo not Opus": gotgcall.ErrFormat,
	} {
		is(t, s.client.SetStreamSources(1, gotgcall.FromShell(fmt.Sprintf("sh -c '%s'", script), gotgcall.TrackAudio)), want)
	}
	if err := s.end(); err != nil {
		t.Errorf("the song ended with %v", err)
	}
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), packets))
	select {
	case err := <-s.ends:
		t.Errorf("another end: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
}

// TestWhatIsNoFFmpegIsNamed: a program that says nothing, does nothing and is content.
func TestWhatIsNoFFmpegIsNamed(t *testing.T) {
	s := newStudio(t, gotgcall.WithFFmpegPath("true"))
	s.join(1)
	must(t, s.client.SetStreamSources(1, song{packets: 5000}))
	for _, tracks := range []gotgcall.Track{gotgcall.TrackAudio, gotgcall.TrackVideo} {
		err := s.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4"), gotgcall.EncodeOptions{Tracks: tracks})
		is(t, err, gotgcall.ErrFFmpegSpawn)
		if text := fmt.Sprint(err); !strings.Contains(text, "WithFFmpegPath") || !strings.Contains(text, "flashbeep.mp4") {
			t.Errorf("the error is «%v», expected what to do", err)
		}
	}
	select {
	case err := <-s.ends:
		t.Errorf("the song before has ended: %v", err)
	default:
	}
}

// TestANamedPipeThatNobodyWritesToIsASourceTimeout: and the song before it goes on.
func TestANamedPipeThatNobodyWritesToIsASourceTimeout(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe.mp3")
	must(t, syscall.Mkfifo(fifo, 0o600))
	s := newStudio(t, gotgcall.WithPatience(time.Second, 0))
	ep := s.join(1)
	// On a busy machine a second may be too short for the song, too.
	until(t, "the song plays", func() bool { return s.client.SetStreamSources(1, song{packets: 5000}) == nil })
	err := s.client.SetStreamSources(1, gotgcall.FromFile(fifo))
	is(t, err, gotgcall.ErrSourceTimeout)
	heard := ep.Stats(ep.AudioSSRC()).Packets
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), heard+10))
	select {
	case err := <-s.ends:
		t.Errorf("the song has ended: %v", err)
	default:
	}
}
