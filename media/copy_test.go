package media

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// opusInMP4 are made by ffmpeg, of the song, 4 s each.
func opusInMP4(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, args := range map[string][]string{
		"stereo.mp4":     {"-ac", "2", "-movflags", "+faststart"},
		"mono.m4a":       {"-ac", "1", "-f", "mp4", "-movflags", "+faststart"},
		"fragmented.mp4": {"-movflags", "+frag_keyframe+empty_moov"},
		"long.mp4":       {"-frame_duration", "60", "-application", "voip", "-b:a", "24k", "-movflags", "+faststart"},
		"index last.mp4": {"-b:a", "256k"},
	} {
		files[name] = encode(t, name, slices.Concat([]string{"-t", "4", "-i", song, "-c:a", "libopus"}, args)...)
	}
	return files
}

func isCopyOf(got, want []demux.Frame) bool {
	return slices.EqualFunc(got, want, func(a, b demux.Frame) bool { return bytes.Equal(a.Data, b.Data) && a.Duration == b.Duration })
}

func TestOpusInMP4IsCopiedByItsFFmpeg(t *testing.T) {
	leak.Check(t)
	for name, path := range opusInMP4(t) {
		t.Run(name, func(t *testing.T) {
			r := counting(t)
			ctx := WithRunner(t.Context(), r.Runner)
			want := copied(t, path)
			s := open(t, ctx, FromFile(path))
			if IsPassedThrough(s) {
				t.Error("it is said to be sent without ffmpeg")
			}
			samePackets(t, packetsOf(t, s.Audio), want)

			const at = 1990 * time.Millisecond
			got := packetsOf(t, openAt(t, ctx, FromFile(path), at).Audio)
			n := max(0, len(want)-len(got))
			samePackets(t, got, want[n:])
			if begin := sumOf(want[:n]); begin > at || begin < at-100*time.Millisecond {
				t.Errorf("from %v: begins with the packet at %v", at, begin)
			}

			server := serve(t, map[string]page{"/song": func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }})
			got = packetsOf(t, open(t, ctx, FromURL(server.URL+"/song")).Audio)
			if is := isCopyOf(got, want); is == (name == "index last.mp4") { // the beginning of that says nothing of its sound
				t.Errorf("from a URL its packets are those of the file: %v", is)
			}
			if n := r.records.starts.Load(); n != 3 {
				t.Errorf("%d starts, expected 3", n)
			}

			required := EncodeOptions{Passthrough: PassthroughRequired}
			_, err := FromFile(path, required).Open(ctx)
			mustBe(t, err, models.ErrPassthrough, "not Opus in Ogg or WebM")
		})
	}
}

func TestOpusInMP4IsEncodedWhereSomethingIsToBeDoneToIt(t *testing.T) {
	leak.Check(t)
	path := encode(t, "song.mp4", "-t", "4", "-i", song, "-c:a", "libopus", "-b:a", "48k")
	want := copied(t, path)
	for name, c := range map[string]struct {
		options EncodeOptions
		plays   time.Duration
	}{
		"an end":          {EncodeOptions{End: 2 * time.Second}, 2 * time.Second},
		"a filter":        {EncodeOptions{AudioFilter: "atrim=end=1"}, time.Second},
		"other channels":  {EncodeOptions{AudioChannels: 1}, 4 * time.Second},
		"never":           {EncodeOptions{Passthrough: PassthroughNever}, 4 * time.Second},
		"repeated":        {EncodeOptions{Loop: 1}, 8 * time.Second},
		"a higher volume": {EncodeOptions{Volume: 1.5}, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := WithRunner(t.Context(), counting(t).Runner)
			plays(t, ctx, FromFile(path, c.options), c.plays)
			if isCopyOf(packetsOf(t, open(t, ctx, FromFile(path, c.options)).Audio), want) {
				t.Error("its packets are those of the file")
			}
		})
	}
}
