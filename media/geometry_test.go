package media

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
)

// turned makes a file whose picture is to be shown turned by a quarter, as a telephone writes it: by the matrix of its track header (ISO/IEC
// 14496-12 section 8.3.2), which stands 40 bytes behind the beginning of the box's content.
func turned(t *testing.T, path string) string {
	t.Helper()
	b := readFile(t, path)
	at := bytes.Index(b, []byte("tkhd"))
	if at < 0 || b[at+4] != 0 {
		t.Fatal("no track header of version 0")
	}
	matrix := b[at+4+40:]
	const one = 1 << 16
	width := binary.BigEndian.Uint32(matrix[40:]) // in the same unit; the height is the width of what is shown
	for i, v := range []uint32{0, one, 0, -one & 0xffffffff, 0, 0, width, 0, 1 << 30} {
		binary.BigEndian.PutUint32(matrix[4*i:], v)
	}
	out := filepath.Join(t.TempDir(), "turned.mp4")
	writeFile(t, out, b)
	return out
}

func TestThePictureFitsIntoTheFrame(t *testing.T) {
	for name, c := range map[string]struct {
		size, sar     string // of the source
		turn          bool
		w, h          int // of the options, 0 for the defaults
		width, height int
	}{
		"smaller stays as it is": {"640x360", "1", false, 0, 0, 640, 360},
		"exactly the frame":      {"1280x720", "1", false, 0, 0, 1280, 720},
		"larger":                 {"1920x1080", "1", false, 0, 0, 1280, 720},
		"wider":                  {"1920x800", "1", false, 0, 0, 1280, 532},
		"4:3":                    {"1440x1080", "1", false, 0, 0, 960, 720},
		"upright":                {"720x1280", "1", false, 0, 0, 404, 720},
		"turned":                 {"640x360", "1", true, 0, 0, 360, 640},
		"turned, larger":         {"1280x720", "1", true, 0, 0, 404, 720},
		"odd":                    {"321x241", "1", false, 0, 0, 320, 240},
		"odd frame":              {"640x360", "1", false, 321, 241, 320, 180},
		"square frame":           {"640x360", "1", false, 200, 200, 200, 112},
		"PAL wide":               {"720x576", "64/45", false, 0, 0, 1024, 576},
		"PAL wide, turned":       {"720x576", "64/45", true, 0, 0, 404, 720},
		"PAL narrow":             {"720x576", "16/15", false, 0, 0, 768, 576},
		"NTSC":                   {"720x480", "8/9", false, 0, 0, 720, 540},
		"NTSC, small frame":      {"720x480", "8/9", false, 320, 240, 320, 240},
		"tiny":                   {"2x2", "1", false, 0, 0, 2, 2},
		"a line":                 {"1200x2", "1", false, 600, 600, 600, 2},
		"a tall line":            {"2x1200", "1", false, 600, 600, 2, 600},
		"smallest frame":         {"640x360", "1", false, 16, 16, 16, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The left half is black, the right one white.
			path := encode(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s="+c.size+":r=5:d=0.4", "-vf",
				"drawbox=w=iw:h=ih:t=fill:color=black,drawbox=x=iw/2:w=iw:h=ih:t=fill:color=white,setsar="+c.sar, "-pix_fmt", "yuv444p", "-c:v", "libx264", "-qp", "10")
			if c.turn {
				path = turned(t, path)
			}
			p := playFilm(t, FromFile(path, EncodeOptions{Tracks: TrackVideo, VideoWidth: c.w, VideoHeight: c.h}))
			if p.width != c.width || p.height != c.height {
				t.Errorf("%s became %dx%d, expected %dx%d", c.size, p.width, p.height, c.width, c.height)
			}
			pictures := p.pictures(t)
			if len(pictures) != 2 {
				t.Fatalf("%d pictures", len(pictures))
			}
			if c.width < 8 || c.height < 8 {
				return
			}
			dark, bright := pictures[1][8*4], pictures[1][8*4+7] // left and right, half way down
			if c.turn {
				dark, bright = pictures[1][4], pictures[1][8*7+4] // above and below
			}
			if dark > 60 || bright < 200 {
				t.Errorf("dark is %d, bright is %d: %v", dark, bright, pictures[1])
			}
		})
	}
}

func TestPixelsOfAnyKindAreEncoded(t *testing.T) {
	for _, format := range []string{"rgba", "yuv420p10le", "gray", "pal8", "yuva420p"} {
		t.Run(format, func(t *testing.T) {
			path := encode(t, "film.nut", "-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=0.4", "-pix_fmt", format, "-c:v", "rawvideo")
			if p := playFilm(t, FromFile(path, withPicture)); len(p.video) != 2 || p.width != 64 || p.height != 48 {
				t.Errorf("%d pictures of %dx%d", len(p.video), p.width, p.height)
			}
		})
	}
}

// TestTheNameOfAPictureIsNoPattern plays one picture out of a folder in which its name, read as a pattern, stands for another one.
func TestTheNameOfAPictureIsNoPattern(t *testing.T) {
	dir := t.TempDir()
	photo := readFile(t, encode(t, "photo.jpg", "-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1"))
	other := readFile(t, encode(t, "other.jpg", "-f", "lavfi", "-i", "testsrc=s=32x32", "-frames:v", "1"))
	for _, name := range []string{"%d.jpg", "100%d.JPG", "q%03d.jpeg", "*.jpg", "[x].jpg", "100%.jpg"} {
		writeFile(t, filepath.Join(dir, name), photo)
	}
	for _, name := range []string{"1.jpg", "1000.JPG", "q000.jpeg", "x.jpg"} {
		writeFile(t, filepath.Join(dir, name), other)
	}
	for _, name := range []string{"%d.jpg", "100%d.JPG", "q%03d.jpeg", "*.jpg", "[x].jpg", "100%.jpg"} {
		if p := playFilm(t, FromFile(filepath.Join(dir, name), withPicture)); p.width != 64 || len(p.video) != 1 {
			t.Errorf("%s: %d pictures, %d wide", name, len(p.video), p.width)
		}
	}
}

func TestCommandsForThePictureFitItToo(t *testing.T) {
	path := encode(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s=640x360:r=60:d=1", "-c:v", "mpeg4")
	ctx := WithOptions(t.Context(), EncodeOptions{VideoWidth: 160, VideoHeight: 160, VideoFPS: 10, VideoBitrateKbps: 100})
	for line, want := range map[string]struct{ width, height, least, most int }{
		"ffmpeg -i " + path:                                  {160, 90, 2, 10}, // as many as the machine is fast enough for
		"ffmpeg -i " + path + " -s 64x64 -r 5":               {64, 64, 5, 7},
		"ffmpeg -i " + path + " -r 5":                        {160, 90, 5, 7},
		"ffmpeg -i " + path + " -vf scale=32:32 -f ivf -":    {32, 32, 60, 60},
		"ffmpeg -i " + path + " -filter_complex scale=32:32": {32, 32, 60, 60},
	} {
		p := play(t, open(t, ctx, FromShell(line, TrackVideo)))
		if p.videoErr != nil || p.width != want.width || p.height != want.height || len(p.video) < want.least || len(p.video) > want.most {
			t.Errorf("%s: %d pictures of %dx%d, %v; expected %+v", strings.ReplaceAll(line, path, "film"), len(p.video), p.width, p.height, p.videoErr, want)
		}
	}
}
