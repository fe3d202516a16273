package gotgcall_test

import (
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// On a busy machine pictures are dropped because they are late; so these tests ask for order and ends, and not for numbers of frames.

var bothLegs = gotgcall.EncodeOptions{Tracks: gotgcall.TrackAudio | gotgcall.TrackVideo}

// filmEnds replaces the studio's callback by one that keeps which leg has ended too.
func (s *studio) filmEnds() *eventLog {
	log := &eventLog{}
	s.client.OnStreamEnd(func(chat int64, leg gotgcall.StreamType, d gotgcall.Device, err error) {
		log.mu.Lock()
		log.ends = append(log.ends, fmt.Sprintf("%d %s %s", chat, leg, d))
		log.errs = append(log.errs, err)
		log.mu.Unlock()
		s.ends <- err
	})
	return log
}

// awaitEnds waits for so many ends, and fails unless exactly these came, without an error.
func (s *studio) awaitEnds(log *eventLog, want ...string) {
	s.t.Helper()
	for range want {
		if err := s.end(); err != nil {
			s.t.Errorf("an end has the error %v", err)
		}
	}
	if got := log.order(); !slices.Equal(got, want) {
		s.t.Errorf("the ends were %q, expected %q", got, want)
	}
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to this: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// makeMedia runs ffmpeg to make a file of the test's own.
func makeMedia(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-nostdin", "-v", "error", "-y"}, args...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return path
}

// seen returns the complete frames that arrived, and fails unless the first is a key frame and their times ascend.
func seen(t *testing.T, ep *sfutest.Endpoint) []sfutest.VideoFrame {
	t.Helper()
	frames, incomplete := ep.Frames()
	if len(frames) == 0 || !frames[0].Key {
		t.Fatalf("%d frames arrived, expected some, and the first to be a key frame", len(frames))
	}
	if incomplete > 0 {
		t.Errorf("%d frames are incomplete", incomplete)
	}
	if !slices.IsSortedFunc(frames, func(a, b sfutest.VideoFrame) int { return int(a.PTS - b.PTS) }) {
		t.Error("the frames are not in order")
	}
	return frames
}

func TestARealFilmHasTwoEndsThePicturesFirst(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	log := s.filmEnds()
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4", bothLegs)))
	until(t, "the film's picture is being sent", func() bool {
		state, err := s.client.GetState(1)
		return err == nil && !state.VideoStopped
	})
	s.awaitEnds(log, videoEnd, audioEnd)
	until(t, "VideoStopped after the film", func() bool {
		state, err := s.client.GetState(1)
		return err == nil && state.VideoStopped
	})
	frames := seen(t, ep)
	sound := ep.Records(ep.AudioSSRC())
	if got := sound[len(sound)-1].Arrival.Sub(sound[0].Arrival); got < 9*time.Second {
		t.Errorf("the sound of a film of 10s lasted %s", got)
	}
	// By the sender's clock, which no busy machine changes, both begin together: the encoders' delays are all that may be between.
	a, ok1 := ep.SenderTime(ep.AudioSSRC(), sound[0].Timestamp)
	v, ok2 := ep.SenderTime(ep.VideoSSRC(), frames[0].Timestamp)
	if off := v.Sub(a).Abs(); !ok1 || !ok2 || off > 40*time.Millisecond && frames[0].PTS == 0 && len(frames) == 300 {
		t.Errorf("sound and picture begin %s apart, expected 40ms at most", off)
	}
}

func TestASongAFilmAndASongInOneCall(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	log := s.filmEnds()
	ep := s.join(1)
	stopped := func() bool {
		state, err := s.client.GetState(1)
		must(t, err)
		return state.VideoStopped
	}
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), 25))
	if !stopped() {
		t.Error("VideoStopped is false while a song plays")
	}
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4"), bothLegs))
	pictures := func() int {
		return len(slices.DeleteFunc(ep.Records(ep.VideoSSRC()), func(p sfutest.Packet) bool { return p.Size == 0 }))
	}
	until(t, "some of the film's picture arrived", func() bool { return pictures() >= 10 })
	if stopped() {
		t.Error("VideoStopped while a film plays")
	}
	last := makeMedia(t, "last.ogg", "-f", "lavfi", "-i", "sine=d=2:r=48000", "-c:a", "libopus")
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile(last)))
	until(t, "VideoStopped after the film gave way to a song", stopped)
	// Datagrams overtake none on one machine: with a packet of now, all from before are there.
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), ep.Stats(ep.AudioSSRC()).Packets+5))
	before := pictures()
	s.awaitEnds(log, audioEnd)
	if got := pictures(); got != before {
		t.Errorf("%d packets of the film's picture came while the song was playing", got-before)
	}
	if p := ep.Phase(); p != sfutest.PhaseConnected {
		t.Errorf("the endpoint is %s, expected connected all the time", p)
	}
}

func TestASilentRealFilmEndsOnce(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	film := makeMedia(t, "silent.mkv", "-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=2", "-c:v", "mpeg4")
	log := s.filmEnds()
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile(film, bothLegs)))
	s.awaitEnds(log, videoEnd)
	seen(t, ep)
	if n := len(ep.Records(ep.AudioSSRC())); n != 0 {
		t.Errorf("%d packets of sound came of a silent film", n)
	}
}

func TestASongWithCoverArtPlaysItsWholeLengthWithAPicture(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	song := makeMedia(t, "cover.mp3", "-f", "lavfi", "-i", "sine=d=3:r=48000", "-f", "lavfi", "-i", "testsrc=s=300x300:r=1:d=1",
		"-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic")
	log := s.filmEnds()
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile(song, bothLegs)))
	for range 2 {
		if err := s.end(); err != nil {
			t.Errorf("an end has the error %v", err)
		}
	}
	if got := log.order(); len(got) != 2 || got[0] == got[1] {
		t.Errorf("the ends were %q, expected one of each leg", got)
	}
	seen(t, ep)
	if got, want := time.Duration(len(heard(t, ep)))*time.Second/48000, durationOf(t, song); (got - want).Abs() > 60*time.Millisecond {
		t.Errorf("the listener got %s of a song of %s", got, want)
	}
}

func TestPicturesThatFFmpegLeavesOutAreCountedAndWarnedOf(t *testing.T) {
	if !apart(t) {
		return
	}
	film := makeMedia(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=4:r=30", "-c:v", "mpeg4")
	var log lockedBuffer
	s := newStudio(t, gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	s.join(1)
	// Each third picture is left out, and noted as the library's own filter does it when ffmpeg is too slow.
	command := `ffmpeg -i "` + film + `" -vf "select='if(mod(n,3),1,0*print(n,16))'" -vsync passthrough`
	must(t, s.client.SetStreamSources(1, gotgcall.FromShell(command, gotgcall.TrackVideo)))
	must(t, s.end())
	stats, err := s.client.Stats(1)
	must(t, err)
	if stats.Video.Frames != 80 || stats.Video.Dropped != 40 {
		t.Errorf("%d pictures were sent and %d dropped, expected 80 and 40", stats.Video.Frames, stats.Video.Dropped)
	}
	must(t, s.client.Close()) // then the log is whole
	if text := log.String(); strings.Count(text, "leaves out pictures") != 1 || !strings.Contains(text, "chat=1") || !strings.Contains(text, "dropped_frames=") {
		t.Errorf("the log is %q, expected one warning of pictures left out", text)
	}
}
