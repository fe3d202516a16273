//go:build unix

package gotgcall_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"gotgcall"
	"gotgcall/media"
)

// whiteFilm makes a film of ours: white, with a tone.
func whiteFilm(t *testing.T, name string, rate int, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := append([]string{
		"-nostdin", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("color=white:s=320x180:r=%d:d=10", rate), "-f", "lavfi", "-i", "sine=d=10:r=48000",
	}, more...)
	out, err := exec.Command("ffmpeg", append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// ownPicture is a user's Source of a picture.
type ownPicture []byte

func (ownPicture) Tracks() gotgcall.Track { return gotgcall.TrackVideo }

func (s ownPicture) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(nil, bytes.NewReader(s), nil), nil
}

func TestThePictureOfEverySourceIsBroadcast(t *testing.T) {
	if !apart(t) {
		return
	}
	white := whiteFilm(t, "white.mp4", 30, "-pix_fmt", "yuv420p")
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		must(t, err)
		return b
	}
	ivf := whiteFilm(t, "white.ivf", 15, "-map", "0:v", "-c:v", "libvpx", "-b:v", "300k", "-deadline", "realtime", "-cpu-used", "8")
	y4m := whiteFilm(t, "white.y4m", 5, "-map", "0:v", "-pix_fmt", "yuv420p", "-s", "640x360")
	for name, source := range map[string]gotgcall.Source{
		"a command":                gotgcall.FromShell("ffmpeg -i "+white, gotgcall.TrackVideo),
		"a user's, of VP8":         ownPicture(read(ivf)),
		"a user's, raw, too large": ownPicture(read(y4m)),
		"a fragmented MP4":         gotgcall.FromFile(whiteFilm(t, "parts.mp4", 30, "-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov+default_base_moof")),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooth(t)
			port := freePort(t)
			server := startIngest(t, port)
			must(t, b.client.StartRTMP(1, rtmpURL(port)))
			must(t, b.client.SetStreamSources(1, source, postcard))
			b.reaches(1500)
			if state, err := b.client.GetState(1); err != nil || state.VideoStopped {
				t.Errorf("while it plays: %+v, %v", state, err)
			}
			must(t, b.client.Stop(1))
			b.noEnds()
			server.finished(t)
			if shade := server.lastShade(t); shade < 180 {
				t.Errorf("the picture is %d of 255, expected white", shade)
			}
			if name != "a fragmented MP4" {
				return
			}
			if peak := slices.Max(server.loudness(t)); peak < 1000 {
				t.Errorf("the loudest sample is %d", peak)
			}
		})
	}
}

func TestAFilmOfSixtyPicturesASecondKeepsThem(t *testing.T) {
	if !apart(t) {
		return
	}
	film := whiteFilm(t, "fast.mp4", 60, "-pix_fmt", "yuv420p")
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	fast := postcard
	fast.VideoFPS = 60
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile(film, fast)))
	b.reaches(4000)
	must(t, b.client.Stop(1))
	b.noEnds()
	server.finished(t)
	times := server.read(t).times["video"]
	var steps []float64
	for i := range len(times) - 1 {
		steps = append(steps, times[i+1]-times[i])
	}
	slices.Sort(steps)
	if len(steps) < 100 || steps[len(steps)/2] > 0.018 {
		t.Errorf("%d pictures, expected some 240, most of them 17 ms apart", len(times))
	}
}

// TestABroadcastOfAnOddSizeIsSeen: H.264 as everybody decodes it has colours of two by two pixels, so that it takes even sizes only.
func TestABroadcastOfAnOddSizeIsSeen(t *testing.T) {
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4"), gotgcall.EncodeOptions{VideoWidth: 321, VideoHeight: 181}))
	b.reaches(500)
	must(t, b.client.Stop(1))
	b.noEnds()
	server.finished(t)
	if got := server.read(t); got.width != 320 || got.length("video") < 0.3 {
		t.Errorf("%d pixels wide, %.2f s, expected 320", got.width, got.length("video"))
	}
}
