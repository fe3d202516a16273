//go:build unix

package media

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
)

// withoutVsync is an ffmpeg that has no -vsync any more, as ffmpeg 9.
func withoutVsync(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\nfor a; do\n  if [ \"$a\" = -vsync ]; then\n    echo \"Unrecognized option 'vsync'.\" >&2\n" +
		"    echo 'Error splitting the argument list: Option not found' >&2\n    exit 8\n  fi\ndone\nexec '" + ffmpegPath(t) + "' \"$@\"\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	return path
}

func TestAnFFmpegWithoutVsyncShowsPictures(t *testing.T) {
	leak.Check(t)
	h := &countingHandler{}
	r := ffmpeg.New(ffmpeg.Config{Path: withoutVsync(t), Logger: slog.New(h)})
	t.Cleanup(func() { r.Close() })
	ctx := WithRunner(timeless(t), r)
	film := play(t, open(t, ctx, FromFile(flashBeep, withPicture)))
	if film.audioErr != nil || film.videoErr != nil || len(film.audio) == 0 || len(film.video) == 0 {
		t.Errorf("%d packets, %v, and %d pictures, %v", len(film.audio), film.audioErr, len(film.video), film.videoErr)
	}
	if n := h.starts.Load(); n != 2 {
		t.Errorf("%d starts, expected one in vain and another", n)
	}
	raw := open(t, WithRaw(ctx), FromFile(flashBeep, withPicture))
	if format, _, err := demux.Sniff(raw.Video); err != nil || format != demux.FormatY4M {
		t.Errorf("the raw pictures are %s, %v", format, err)
	}
	plays(t, ctx, FromFile(song, EncodeOptions{End: time.Second}), time.Second)
	if n := h.starts.Load(); n != 4 {
		t.Errorf("%d starts, expected none in vain any more", n)
	}
}
