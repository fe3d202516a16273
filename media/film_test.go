package media

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// played is what a source gave.
type played struct {
	audio, video       []demux.Frame
	audioErr, videoErr error // nil at the natural end, or when there is no such leg
	hasAudio, hasVideo bool
	width, height      int    // of the IVF header
	sound, sight       []byte // the legs' bytes
}

// play reads both legs of a source to their ends.
func play(t testing.TB, streams *Streams) *played {
	t.Helper()
	p := &played{hasAudio: streams.Audio != nil, hasVideo: streams.Video != nil}
	var wg sync.WaitGroup
	if p.hasAudio {
		wg.Go(func() { p.sound, p.audioErr = io.ReadAll(streams.Audio) })
	}
	if p.hasVideo {
		wg.Go(func() { p.sight, p.videoErr = io.ReadAll(streams.Video) })
	}
	wg.Wait()
	if len(p.sound) > 0 {
		p.audio = frames(t, demux.NewOgg(strings.NewReader(string(p.sound))))
	}
	if len(p.sight) > 0 {
		p.video = frames(t, demux.NewIVF(strings.NewReader(string(p.sight))))
		p.width, p.height = int(binary.LittleEndian.Uint16(p.sight[12:])), int(binary.LittleEndian.Uint16(p.sight[14:]))
	}
	return p
}

func frames(t testing.TB, d demux.Demuxer) []demux.Frame {
	t.Helper()
	var all []demux.Frame
	for {
		f, err := d.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Errorf("after %d frames: %v", len(all), err)
			return all
		}
		all = append(all, f)
	}
}

// playFilm opens a source and reads it to its natural end.
func playFilm(t testing.TB, s Source) *played {
	t.Helper()
	p := play(t, open(t, timeless(t), s))
	if p.audioErr != nil || p.videoErr != nil {
		t.Fatalf("ended with %v, %v", p.audioErr, p.videoErr)
	}
	return p
}

// withPicture are the options that ask for the picture too.
var withPicture = EncodeOptions{Tracks: TrackVideo, VideoWidth: 320, VideoHeight: 240}

func seconds90k(f demux.Frame) float64 { return float64(f.PTS) / 90000 }

// ends is where the audio leg ends.
func (p *played) soundLength() time.Duration {
	var ticks int64
	for _, f := range p.audio {
		ticks += f.Duration
	}
	return time.Duration(ticks) * time.Second / 48000
}

// onsets decodes the sound and returns when it begins after silence, in seconds.
func (p *played) onsets(t testing.TB) []float64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sound.ogg")
	writeFile(t, path, p.sound)
	raw, err := exec.Command(ffmpegPath(t), "-nostdin", "-v", "error", "-i", path, "-ac", "1", "-ar", "8000", "-f", "s16le", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var at []float64
	quiet := 800
	for i := 0; i+1 < len(raw); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(raw[i:])); v > 1000 || v < -1000 {
			if quiet >= 800 {
				at = append(at, float64(i/2)/8000)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return at
}

// pictures decodes the pictures to gray ones of 8x8.
func (p *played) pictures(t testing.TB) [][]byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sight.ivf")
	writeFile(t, path, p.sight)
	raw, err := exec.Command(ffmpegPath(t), "-nostdin", "-v", "error", "-i", path, "-vsync", "passthrough", "-vf", "scale=8:8:flags=area,format=gray",
		"-f", "rawvideo", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for ; len(raw) >= 64; raw = raw[64:] {
		all = append(all, raw[:64])
	}
	return all
}

// flashes are the times at which the picture turns white, in seconds.
func (p *played) flashes(t testing.TB) []float64 {
	t.Helper()
	var at []float64
	white := false
	pictures := p.pictures(t)
	if len(pictures) != len(p.video) {
		t.Fatalf("%d of %d pictures can be decoded", len(pictures), len(p.video))
	}
	for i, picture := range pictures {
		if picture[0] > 128 && !white {
			at = append(at, seconds90k(p.video[i]))
		}
		white = picture[0] > 128
	}
	return at
}

// same fails the test unless two lists of times are equal but for the tolerance.
func same(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s at %.3f, expected at %.3f", what, got, want)
		return
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > tolerance {
			t.Errorf("%s at %.3f, expected at %.3f", what, got, want)
			return
		}
	}
}

func counted(from, to int) []float64 {
	var all []float64
	for n := from; n <= to; n++ {
		all = append(all, float64(n))
	}
	return all
}

const (
	flashBeep = "../testdata/flashbeep.mp4"
	// step is how far a decoder's first loud sample, and a picture at its own time, may be off.
	step = 0.025
)

func TestAFilmPlaysItsSoundAndItsPictureInStep(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			p := play(t, open(t, ctx, FromFile(flashBeep, withPicture)))
			if p.audioErr != nil || p.videoErr != nil {
				t.Fatalf("ended with %v, %v", p.audioErr, p.videoErr)
			}
			last := int(p.soundLength().Seconds()+0.1) - 1
			if last < 5 {
				t.Fatalf("the sound lasts %v", p.soundLength())
			}
			same(t, "beeps", p.onsets(t), counted(1, last), step)
			same(t, "flashes", p.flashes(t), counted(1, last), step)
			if p.width != 320 || p.height != 180 {
				t.Errorf("the picture has %dx%d", p.width, p.height)
			}
		})
	}
}

// timeless is a context in which ffmpeg drops no pictures, however slow it is.
func timeless(t testing.TB) context.Context {
	return context.WithValue(t.Context(), clockKey{}, noTime)
}

// bothWays are contexts in which a film is read by one process and by two.
func bothWays(t *testing.T) map[string]context.Context {
	return map[string]context.Context{"one process": timeless(t), "two processes": WithSeparateLegs(timeless(t))}
}

func openAt(t testing.TB, ctx context.Context, s Source, offset time.Duration) *Streams {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	streams, err := s.(SeekableSource).OpenAt(ctx, offset)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { streams.Close() })
	return streams
}

func TestAFilmPlaysFromAnOffset(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			p := play(t, openAt(t, ctx, FromFile(flashBeep, withPicture), 3500*time.Millisecond))
			want := []float64{0.5, 1.5, 2.5, 3.5, 4.5, 5.5}
			same(t, "beeps", p.onsets(t), want, step)
			same(t, "flashes", p.flashes(t), want, step+1.0/30)
		})
	}
}

func TestAnOffsetPastTheEndOfAFilmEndsItAtOnce(t *testing.T) {
	silent := encode(t, "silent.mp4", "-i", flashBeep, "-an", "-c", "copy")
	for _, path := range []string{flashBeep, silent} {
		p := play(t, openAt(t, timeless(t), FromFile(path, withPicture), time.Hour))
		if p.audioErr != nil || p.videoErr != nil || len(p.audio)+len(p.video) > 0 {
			t.Errorf("%s: %d and %d frames, %v, %v", path, len(p.audio), len(p.video), p.audioErr, p.videoErr)
		}
	}
}

// shifted is the clip with its sound or its picture half a second later.
func shifted(t *testing.T, first, late string) string {
	t.Helper()
	return encode(t, "shifted.mkv", "-i", flashBeep, "-itsoffset", "0.5", "-i", flashBeep, "-map", "0:"+first, "-map", "1:"+late, "-c", "copy")
}

func TestALateStartIsKept(t *testing.T) {
	soundLate, sightLate := shifted(t, "v", "a"), shifted(t, "a", "v")
	for name, c := range map[string]struct {
		path           string
		offset         time.Duration
		beeps, flashes float64 // the first
	}{
		"sound":              {soundLate, 0, 1.5, 1},
		"picture":            {sightLate, 0, 1, 1.5},
		"sound, from 0.25":   {soundLate, 250 * time.Millisecond, 1.25, 0.75},
		"picture, from 0.25": {sightLate, 250 * time.Millisecond, 0.75, 1.25},
		"sound, from 3.2":    {soundLate, 3200 * time.Millisecond, 0.3, 0.8},
		"picture, from 3.2":  {sightLate, 3200 * time.Millisecond, 0.8, 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, openAt(t, timeless(t), FromFile(c.path, withPicture), c.offset))
			if len(p.audio) == 0 || len(p.video) == 0 {
				t.Fatalf("%d and %d frames", len(p.audio), len(p.video))
			}
			if begins := p.audio[0].PTS; begins > 960 {
				t.Errorf("the sound begins at %d", begins)
			}
			beeps, flashes := p.onsets(t), p.flashes(t)
			same(t, "beeps", beeps[:1], []float64{c.beeps}, step)
			same(t, "flashes", flashes[:1], []float64{c.flashes}, step+1.0/30)
		})
	}
}

func TestAGapInTheSoundStaysWhereItIs(t *testing.T) {
	gap := encode(t, "gap.mkv", "-i", flashBeep, "-af", "aselect='not(between(t,2.2,4.7))'", "-c:v", "copy", "-c:a", "pcm_s16le")
	p := playFilm(t, FromFile(gap, withPicture))
	same(t, "beeps", p.onsets(t), []float64{1, 2, 5, 6, 7, 8, 9}, step)
	same(t, "flashes", p.flashes(t), counted(1, 9), step)
}

// TestPicturesKeepTheirTimesThroughTheEncoder compares with the times of the source in ticks of 90 kHz, over the whole length: nothing adds up.
func TestPicturesKeepTheirTimesThroughTheEncoder(t *testing.T) {
	for rate, every := range map[string]int{"24000/1001": 1, "30000/1001": 1, "15": 1, "25": 1, "60000/1001": 2, "60": 2} {
		t.Run(rate, func(t *testing.T) {
			t.Parallel()
			path := encode(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s=32x32:d=20:r="+rate, "-c:v", "mpeg4", "-video_track_timescale", "120000")
			p := playFilm(t, FromFile(path, withPicture))
			num, den, _ := strings.Cut(rate, "/")
			n, _ := strconv.ParseFloat(num, 64)
			d, err := strconv.ParseFloat(den, 64)
			if err != nil {
				d = 1
			}
			if got, want := len(p.video), int(math.Ceil(20*n/d/float64(every))); got < want-1 || got > want {
				t.Errorf("%d pictures, expected %d", got, want)
			}
			for i, f := range p.video {
				if want := float64(i*every) * d / n * 90000; math.Abs(float64(f.PTS)-want) > 1 {
					t.Fatalf("picture %d is at %d, expected %.1f", i, f.PTS, want)
				}
			}
		})
	}
}

func TestPicturesAtAChangingRateKeepTheirTimes(t *testing.T) {
	path := encode(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=32x32:d=4:r=20", "-vf", "select='not(between(n,20,50)*mod(n,4))'", "-vsync", "vfr",
		"-c:v", "mpeg4")
	var want []float64
	for n := range 80 {
		if n < 20 || n > 50 || n%4 == 0 {
			want = append(want, float64(n)/20)
		}
	}
	var got []float64
	for _, f := range playFilm(t, FromFile(path, withPicture)).video {
		got = append(got, seconds90k(f))
	}
	same(t, "pictures", got, want, 0.001)
}

func TestPicturesThatAreLeftOutToKeepUpAreCounted(t *testing.T) {
	path := encode(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s=32x32:d=10:r=30", "-c:v", "mpeg4")
	var left atomic.Uint64
	ctx := context.WithValue(CountLeftOut(t.Context(), &left), clockKey{}, ticking(0.1, 0.01, "0"))
	p := play(t, open(t, ctx, FromFile(path, withPicture)))
	if got := left.Load(); got == 0 || int(got)+len(p.video) != 300 {
		t.Errorf("%d pictures came and %d are said to have been left out, of 300", len(p.video), got)
	}
	left.Store(0)
	if p = play(t, open(t, CountLeftOut(timeless(t), &left), FromFile(path, withPicture))); len(p.video) != 300 || left.Load() != 0 {
		t.Errorf("%d pictures of 300 came, %d are said to have been left out by an ffmpeg that is fast enough", len(p.video), left.Load())
	}
}

func TestKeyFramesComeEveryTwoSecondsAtMost(t *testing.T) {
	for _, rate := range []string{"30", "24000/1001", "10", "1"} {
		path := encode(t, "film.mp4", "-f", "lavfi", "-i", "color=s=32x32:d=12:r="+rate, "-c:v", "mpeg4")
		p := playFilm(t, FromFile(path, withPicture))
		last, keys := 0.0, 0
		for _, f := range p.video {
			if f.Key {
				last, keys = seconds90k(f), keys+1
			} else if seconds90k(f)-last > 2 {
				t.Errorf("at %s pictures per second no key frame between %.3f and %.3f", rate, last, seconds90k(f))
				break
			}
		}
		if keys > 8 {
			t.Errorf("at %s pictures per second %d key frames in 12 s", rate, keys)
		}
	}
}

func TestASourcePlaysWhatItHas(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mp4")
	writeFile(t, text, []byte(strings.Repeat("This is a text and not a film.\n", 20)))
	silent := encode(t, "silent.mp4", "-i", flashBeep, "-an", "-c", "copy")
	photo := encode(t, "photo.jpg", "-i", flashBeep, "-frames:v", "1")
	for name, c := range map[string]struct {
		path         string
		audio, video bool
		starts       int // the most that may be started, of one process
	}{
		"film":   {flashBeep, true, true, 1},
		"song":   {song, true, false, 3},
		"silent": {silent, false, true, 2},
		"photo":  {photo, false, true, 2},
		"text":   {text, false, false, 1},
	} {
		for way, ctx := range bothWays(t) {
			t.Run(name+", "+way, func(t *testing.T) {
				leak.Check(t)
				r := counting(t)
				streams, err := FromFile(c.path, withPicture).Open(WithRunner(ctx, r.Runner))
				if !c.audio && !c.video {
					mustBe(t, err, models.ErrFile, c.path)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer streams.Close()
				p := play(t, streams)
				if p.hasAudio != c.audio || p.hasVideo != c.video || p.audioErr != nil || p.videoErr != nil {
					t.Errorf("audio %v, %v; video %v, %v", p.hasAudio, p.audioErr, p.hasVideo, p.videoErr)
				}
				if c.audio != (len(p.audio) > 0) || c.video != (len(p.video) > 0) {
					t.Errorf("%d and %d frames", len(p.audio), len(p.video))
				}
				if n := r.records.starts.Load(); way == "one process" && n > int64(c.starts) {
					t.Errorf("%d processes were started", n)
				}
			})
		}
	}
}

func TestAFileWithNeitherSoundNorPictureFails(t *testing.T) {
	words := filepath.Join(t.TempDir(), "words.srt")
	writeFile(t, words, []byte("1\n00:00:01,000 --> 00:00:02,000\nNothing to hear, nothing to see.\n"))
	leak.Check(t)
	for _, ctx := range bothWays(t) {
		_, err := FromFile(words, withPicture).Open(ctx)
		mustBe(t, err, models.ErrFile, words, "neither sound nor a picture")
	}
}

func TestAFilmOverHTTPPlays(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := serve(t, map[string]page{"/film": bytesPage(readFile(t, flashBeep))})
			p := play(t, open(t, ctx, FromURL(s.URL+"/film", withPicture)))
			same(t, "beeps", p.onsets(t), counted(1, 9), step)
			same(t, "flashes", p.flashes(t), counted(1, 9), step)
		})
	}
}

func TestOptionsOfThePictureAreCheckedBeforeAnythingIsSpawned(t *testing.T) {
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	for what, o := range map[string]EncodeOptions{
		"VideoFPS is -5":          {VideoFPS: -5},
		"VideoFPS is 61":          {VideoFPS: 61},
		"VideoWidth is 4097":      {VideoWidth: 4097},
		"VideoHeight is 15":       {VideoHeight: 15},
		"VideoBitrateKbps is 29":  {VideoBitrateKbps: 29},
		"VideoHeight is 10000000": {VideoHeight: 10000000},
	} {
		o.Tracks = TrackVideo
		for _, s := range []Source{FromFile(flashBeep, o), FromURL("http://192.0.2.1/x", o)} {
			_, err := s.Open(ctx)
			mustBe(t, err, models.ErrInvalidParams, what)
		}
		_, err := FromShell("ffmpeg -i x", TrackVideo).Open(WithOptions(ctx, o))
		mustBe(t, err, models.ErrInvalidParams, what)
	}
	r.expectNone()
}

func TestHowAFilmsProcessEnds(t *testing.T) {
	both := `printf 'OggS'; printf 'DKIF' >&3; `
	for name, c := range map[string]struct {
		script       string
		opening      error // of Open
		audio, video error // of the legs
		parts        []string
	}{
		"no encoder":              {`echo "Unknown encoder 'libvpx'" >&2; exit 1`, models.ErrFFmpegSpawn, nil, nil, []string{`"libvpx"`, "WithFFmpegPath"}},
		"no encoder of sound":     {`echo "Unknown encoder 'libopus'" >&2; exit 1`, models.ErrFFmpegSpawn, nil, nil, []string{`"libopus"`}},
		"fails at once":           {"echo 'no such luck' >&2; exit 3", models.ErrFile, nil, nil, []string{"no such luck"}},
		"killed at once":          {"kill -9 $$", models.ErrFFmpegCrashed, nil, nil, []string{"SIGKILL"}},
		"nothing":                 {"echo 'not today' >&2", models.ErrFile, nil, nil, []string{"nothing to play", "not today"}},
		"not even a word":         {"exit 0", models.ErrFFmpegSpawn, nil, nil, []string{"WithFFmpegPath"}},
		"fails later":             {both + "exit 3", nil, models.ErrFFmpegCrashed, models.ErrFFmpegCrashed, nil},
		"ends":                    {both, nil, nil, nil, nil},
		"ends without picture":    {"printf OggS", nil, nil, nil, nil},
		"ends without sound":      {"printf DKIF >&3", nil, nil, nil, nil},
		"crashes without picture": {"printf OggS; exit 3", nil, models.ErrFFmpegCrashed, models.ErrFFmpegCrashed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			r := runner(t, ffmpeg.Config{Path: stub(t, c.script)})
			streams, err := FromFile(flashBeep, withPicture).Open(WithRunner(t.Context(), r))
			if c.opening != nil {
				mustBe(t, err, c.opening, c.parts...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer streams.Close()
			for _, l := range []struct {
				leg  io.Reader
				want error
			}{{streams.Audio, c.audio}, {streams.Video, c.video}} {
				if _, err := io.Copy(io.Discard, l.leg); !errors.Is(err, l.want) {
					t.Errorf("a leg ended with %v, expected %v", err, l.want)
				}
			}
		})
	}
}
