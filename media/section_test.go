package media

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/internal/score"
	"gotgcall/models"
)

const excerpt = "../testdata/song.ogg" // the first 5 s of the song

// heard plays the sound of a source from an offset to its natural end, and returns it with one channel at 48 kHz.
func heard(t *testing.T, ctx context.Context, s Source, offset time.Duration) []int16 {
	t.Helper()
	streams := openAt(t, ctx, s, offset)
	if streams.Video != nil {
		go io.Copy(io.Discard, streams.Video)
	}
	sound, err := io.ReadAll(streams.Audio)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sound")
	writeFile(t, path, sound)
	raw, err := exec.Command(ffmpegPath(t), "-nostdin", "-v", "error", "-i", path, "-ac", "1", "-ar", "48000", "-f", "s16le", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm
}

// mustSound fails the test unless the notes are heard, and nothing else.
func mustSound(t *testing.T, pcm []int16, want []score.Note, length time.Duration) {
	t.Helper()
	if d := score.Diff(want, score.Detect(pcm, score.Rate), tolerance); d != "" {
		t.Error(d)
	}
	if got := time.Duration(len(pcm)) * time.Second / score.Rate; (got - length).Abs() > tolerance {
		t.Errorf("%v of sound, expected %v", got, length)
	}
}

// atSpeed are notes as they are heard at another speed.
func atSpeed(notes []score.Note, speed float64) []score.Note {
	for i, n := range notes {
		notes[i].At, notes[i].Length = time.Duration(float64(n.At)/speed), time.Duration(float64(n.Length)/speed)
	}
	return notes
}

// forms are contexts for what a call and what a broadcast plays.
func forms(t *testing.T) map[string]context.Context {
	return map[string]context.Context{"encoded": timeless(t), "raw": WithRaw(timeless(t))}
}

func TestASectionIsPlayed(t *testing.T) {
	withPicture := EncodeOptions{Tracks: TrackVideo, VideoWidth: 32, VideoHeight: 32}
	cover := withCover(t, "song.mp3", "-t", "6", "-c:a", "copy")
	const s = time.Second
	for name, c := range map[string]struct {
		path       string
		start, end time.Duration
		offset     time.Duration
		from, to   time.Duration
	}{
		"Start":                  {excerpt, 2 * s, 0, 0, 2 * s, 5 * s},
		"End":                    {excerpt, 0, 3 * s, 0, 0, 3 * s},
		"both":                   {excerpt, 1250 * time.Millisecond, 4 * s, 0, 1250 * time.Millisecond, 4 * s},
		"both, from before":      {excerpt, 2 * s, 4 * s, s, 2 * s, 4 * s},
		"both, from within":      {excerpt, s, 4 * s, 2 * s, 2 * s, 4 * s},
		"an End past the end":    {excerpt, 3 * s, time.Hour, 0, 3 * s, 5 * s},
		"with a cover":           {cover, 2 * s, 5 * s, 0, 2 * s, 5 * s},
		"with a cover, from 3.5": {cover, 2 * s, 5 * s, 3500 * time.Millisecond, 3500 * time.Millisecond, 5 * s},
	} {
		for form, ctx := range forms(t) {
			if form == "raw" && name != "both" && name != "with a cover" {
				continue
			}
			t.Run(name+", "+form, func(t *testing.T) {
				o := EncodeOptions{Start: c.start, End: c.end}
				if c.path == cover {
					o = withPicture.Merge(o)
				}
				mustSound(t, heard(t, ctx, FromFile(c.path, o), c.offset), score.Notes(c.from, c.to), c.to-c.from)
			})
		}
	}
}

func TestASectionOverHTTPIsPlayed(t *testing.T) {
	s := httptest.NewServer(http.FileServer(http.Dir("../testdata")))
	defer s.Close()
	o := EncodeOptions{Start: 12 * time.Second, End: 15 * time.Second}
	mustSound(t, heard(t, t.Context(), FromURL(s.URL+"/song.mp3", o), 0), score.Notes(o.Start, o.End), 3*time.Second)
}

func TestFromTheEndOfASectionStreamsEndAtOnce(t *testing.T) {
	leak.Check(t)
	cover := withCover(t, "song.mp3", "-t", "6", "-c:a", "copy")
	for _, path := range []string{excerpt, flashBeep, cover} {
		for offset, tracks := range map[time.Duration]Track{3 * time.Second: TrackVideo, time.Hour: TrackAudio} {
			p := play(t, openAt(t, timeless(t), FromFile(path, EncodeOptions{Start: time.Second, End: 3 * time.Second, Tracks: tracks}), offset))
			if p.audioErr != nil || p.videoErr != nil || len(p.audio)+len(p.video) > 0 {
				t.Errorf("%s, %v, from %v: %d and %d frames, %v, %v", path, tracks, offset, len(p.audio), len(p.video), p.audioErr, p.videoErr)
			}
		}
	}
}

func TestASectionOfAFilmStaysInStep(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			o := withPicture.Merge(EncodeOptions{Start: 1500 * time.Millisecond, End: 4700 * time.Millisecond})
			p := play(t, open(t, ctx, FromFile(flashBeep, o)))
			same(t, "beeps", p.onsets(t), []float64{0.5, 1.5, 2.5}, step)
			same(t, "flashes", p.flashes(t), []float64{0.5, 1.5, 2.5}, step+1.0/30)
			if got := p.soundLength().Seconds(); math.Abs(got-3.2) > 0.06 {
				t.Errorf("%v s of sound", got)
			}
			if n := len(p.video); n < 95 || n > 97 {
				t.Errorf("%d pictures", n)
			}
		})
	}
}

func TestALateLegStopsAtTheEndToo(t *testing.T) {
	p := playFilm(t, FromFile(shifted(t, "v", "a"), withPicture.Merge(EncodeOptions{End: 3 * time.Second})))
	if got := p.soundLength().Seconds(); math.Abs(got-3) > 0.06 {
		t.Errorf("%v s of sound", got)
	}
	if n := len(p.video); n < 89 || n > 91 {
		t.Errorf("%d pictures", n)
	}
}

func TestSpeedChangesTheLengthAndNotThePitch(t *testing.T) {
	for _, speed := range []float64{0.5, 2} {
		for form, ctx := range forms(t) {
			if form == "raw" && speed != 2 {
				continue
			}
			t.Run(fmt.Sprintf("%v, %s", speed, form), func(t *testing.T) {
				o := EncodeOptions{Start: time.Second, End: 5 * time.Second, Speed: speed}
				length := time.Duration(float64(4*time.Second) / speed)
				mustSound(t, heard(t, ctx, FromFile(excerpt, o), 0), atSpeed(score.Notes(o.Start, o.End), speed), length)
			})
		}
	}
	t.Run("4", func(t *testing.T) {
		plays(t, t.Context(), FromFile(song, EncodeOptions{Speed: 4}), songLength/4)
	})
}

func TestAFilmAtAnotherSpeedStaysInStep(t *testing.T) {
	for name, ctx := range bothWays(t) {
		for _, speed := range []float64{0.5, 3} {
			t.Run(fmt.Sprintf("%s, %v", name, speed), func(t *testing.T) {
				o := withPicture.Merge(EncodeOptions{Speed: speed, Start: 500 * time.Millisecond, End: 4500 * time.Millisecond})
				p := play(t, open(t, ctx, FromFile(flashBeep, o)))
				var want []float64
				for n := range 4 {
					want = append(want, (float64(n)+0.5)/speed)
				}
				same(t, "beeps", p.onsets(t), want, 2*step/min(1, speed)) // atempo blends pieces of some 40 ms
				same(t, "flashes", p.flashes(t), want, step+1.0/30)
				if got := p.soundLength().Seconds(); math.Abs(got-4/speed) > 0.08 {
					t.Errorf("%v s of sound", got)
				}
				if got, limit := float64(len(p.video)), 30*min(1, speed)*4/speed; got > limit+2 || got < limit*0.9 {
					t.Errorf("%v pictures, expected %v", got, limit)
				}
			})
		}
	}
}

func TestALateLegIsAsLateAsTheSpeedMakesIt(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			p := play(t, open(t, ctx, FromFile(shifted(t, "v", "a"), withPicture.Merge(EncodeOptions{Speed: 2, End: 4 * time.Second}))))
			same(t, "beeps", p.onsets(t), []float64{0.75, 1.25, 1.75}, 2*step)
			same(t, "flashes", p.flashes(t), []float64{0.5, 1, 1.5}, step+1.0/30)
		})
	}
}

func TestPicturesAtAnotherSpeedKeepTheirTimesWhateverTheUnitOfTheFile(t *testing.T) {
	path := encode(t, "film.avi", "-f", "lavfi", "-i", "testsrc=s=32x32:d=2:r=25", "-c:v", "mpeg4") // in units of 1/25 s
	var want []float64
	for n := range 50 {
		want = append(want, float64(n)*0.05)
	}
	same(t, "pictures", times(playFilm(t, FromFile(path, withPicture.Merge(EncodeOptions{Speed: 0.8}))).video), want, 0.001)
}

func TestARawFilmAtAnotherSpeedHasItsPicturesAtTheirRate(t *testing.T) {
	p := playRaw(t, open(t, WithRaw(t.Context()), FromFile(flashBeep, small(withPicture).Merge(EncodeOptions{Speed: 0.5, End: 2 * time.Second}))))
	p.mustHaveEnded(t)
	p.mustLast(t, 4*time.Second)
	if n := len(p.pictures); n < 58 || n > 62 || (p.last-4*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("%d pictures to %v, of 60 in 2 s", n, p.last)
	}
}

func TestACoverAtAnotherSpeedStaysAsLongAsTheSound(t *testing.T) {
	path := withCover(t, "song.mp3", "-t", "8", "-c:a", "copy")
	p := playFilm(t, FromFile(path, withPicture.Merge(EncodeOptions{Speed: 2, AudioFilter: "volume=0.5", VideoFilter: "negate"})))
	if got := p.soundLength(); (got - 4*time.Second).Abs() > tolerance {
		t.Errorf("%v of sound", got)
	}
	if n := len(p.video); n < 3 || n > 5 {
		t.Errorf("%d pictures", n)
	}
	if picture := p.pictures(t)[0]; picture[0] > 50 {
		t.Errorf("the white cover is not negated: %v", picture)
	}
}

// loudness is the root of the mean square, and the highest value.
func loudness(pcm []int16) (rms, peak float64) {
	for _, v := range pcm {
		f := float64(v)
		rms += f * f
		peak = max(peak, math.Abs(f))
	}
	return math.Sqrt(rms / float64(len(pcm))), peak
}

func TestVolumeChangesTheLevel(t *testing.T) {
	quiet := encode(t, "quiet.wav", "-i", excerpt, "-t", "2", "-af", "volume=0.2")
	before, _ := loudness(heard(t, WithRaw(t.Context()), FromFile(quiet), 0))
	for form, ctx := range forms(t) {
		for _, volume := range []float64{0.25, 4} {
			after, _ := loudness(heard(t, ctx, FromFile(quiet, EncodeOptions{Volume: volume}), 0))
			if got := after / before; math.Abs(got/volume-1) > 0.05 {
				t.Errorf("%s: volume %v makes it %.3f", form, volume, got)
			}
		}
	}
}

func TestALoudVolumeDoesNotClip(t *testing.T) {
	loud := encode(t, "loud.wav", "-f", "lavfi", "-i", "sine=f=440:d=2", "-af", "volume=6,pan=stereo|c0=c0|c1=c0")
	_, before := loudness(heard(t, WithRaw(t.Context()), FromFile(loud), 0))
	_, after := loudness(heard(t, WithRaw(t.Context()), FromFile(loud, EncodeOptions{Volume: 4}), 0))
	if before < 20000 || after > 0.96*32767 {
		t.Errorf("the highest value was %v and is %v", before, after)
	}
}

func TestLoopPlaysAgain(t *testing.T) {
	short := encode(t, "short.flac", "-i", song, "-t", "2")
	once := score.Notes(0, 2*time.Second)
	var thrice []score.Note
	for n := range 3 {
		for _, note := range once {
			note.At += time.Duration(n) * 2 * time.Second
			thrice = append(thrice, note)
		}
	}
	for form, ctx := range forms(t) {
		t.Run(form, func(t *testing.T) {
			mustSound(t, heard(t, ctx, FromFile(short, EncodeOptions{Loop: 2}), 0), thrice, 6*time.Second)
		})
	}
	t.Run("from the second time", func(t *testing.T) {
		pcm := heard(t, t.Context(), FromFile(short, EncodeOptions{Loop: 2}), 3*time.Second)
		want := slices.Clone(thrice)
		for len(want) > 0 && want[0].At+want[0].Length <= 3*time.Second {
			want = want[1:]
		}
		for i := range want {
			if want[i].At -= 3 * time.Second; want[i].At < 0 {
				want[i].Length, want[i].At = want[i].Length+want[i].At, 0
			}
		}
		mustSound(t, pcm, want, 3*time.Second)
	})
	t.Run("over HTTP", func(t *testing.T) {
		s := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(short))))
		defer s.Close()
		mustSound(t, heard(t, t.Context(), FromURL(s.URL+"/short.flac", EncodeOptions{Loop: 2}), 0), thrice, 6*time.Second)
	})
	t.Run("past the last time", func(t *testing.T) {
		got, err := listen(openAt(t, t.Context(), FromFile(short, EncodeOptions{Loop: 1}), 5*time.Second).Audio)
		if got > 0 || err != nil {
			t.Errorf("%v of sound, then %v", got, err)
		}
	})
}

func TestLoopPlaysAFilmAgainInStep(t *testing.T) {
	short := encode(t, "short.mkv", "-i", flashBeep, "-t", "1.8", "-c:v", "mpeg4", "-c:a", "pcm_s16le")
	p := playFilm(t, FromFile(short, withPicture.Merge(EncodeOptions{Loop: 1})))
	same(t, "beeps", p.onsets(t), []float64{1, 2.8}, 2*step)
	same(t, "flashes", p.flashes(t), []float64{1, 2.8}, step+1.0/30)
	p = play(t, openAt(t, timeless(t), FromFile(short, withPicture.Merge(EncodeOptions{Loop: 1})), 2500*time.Millisecond))
	same(t, "beeps", p.onsets(t), []float64{0.3}, 2*step)
	same(t, "flashes", p.flashes(t), []float64{0.3}, step+1.0/30)
}

func TestLoopPlaysASongWithACoverAgain(t *testing.T) {
	path := withCover(t, "song.mp3", "-t", "3", "-c:a", "copy")
	p := playFilm(t, FromFile(path, withPicture.Merge(EncodeOptions{Loop: 1})))
	if got := p.soundLength(); (got-6*time.Second).Abs() > 2*tolerance || len(p.video) < 5 || len(p.video) > 7 {
		t.Errorf("%v of sound, %d pictures", got, len(p.video))
	}
}

func TestLoopForEverGoesOn(t *testing.T) {
	leak.Check(t)
	short := encode(t, "short.flac", "-i", song, "-t", "1")
	streams := open(t, t.Context(), FromFile(short, EncodeOptions{Loop: -1}))
	if n, err := io.CopyN(io.Discard, streams.Audio, 400_000); err != nil { // some 25 s
		t.Errorf("after %d bytes: %v", n, err)
	}
}

func TestFiltersOfTheProgramComeFirst(t *testing.T) {
	for form, ctx := range forms(t) {
		t.Run(form, func(t *testing.T) {
			// The filter silences the first second of the section, before the speed halves it.
			o := EncodeOptions{Start: time.Second, End: 3 * time.Second, Speed: 2, AudioFilter: "volume=0:enable='lt(t,1)'"}
			pcm := heard(t, ctx, FromFile(excerpt, o), 0)
			quiet, _ := loudness(pcm[:20000])
			loud, _ := loudness(pcm[28000:])
			if quiet > 50 || loud < 1000 {
				t.Errorf("the levels of the halves are %v and %v", quiet, loud)
			}
		})
	}
	p := playFilm(t, FromFile(flashBeep, withPicture.Merge(EncodeOptions{End: time.Second, VideoFilter: "scale=64:36,negate"})))
	if p.width != 64 || p.height != 36 {
		t.Errorf("the picture has %dx%d", p.width, p.height)
	}
	if picture := p.pictures(t)[5]; picture[0] < 128 {
		t.Errorf("the picture is not negated: %v", picture)
	}
}

func TestALiveStreamHasNoStart(t *testing.T) {
	r := counting(t)
	for _, url := range []string{"rtmp://192.0.2.1/a/b", "rtsp://192.0.2.1/a", "srt://192.0.2.1:1"} {
		_, err := FromURL(url, EncodeOptions{Start: time.Second}).Open(WithRunner(t.Context(), r.Runner))
		mustBe(t, err, models.ErrInvalidParams, "Start is 1s", "live")
	}
	r.expectNone()
}

func TestALiveStreamIsNeitherRepeatedNorSpedUp(t *testing.T) {
	argv := filepath.Join(t.TempDir(), "argv")
	ctx := WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@" >`+argv+`; printf OggS`)}))
	s := open(t, ctx, FromURL("rtmp://192.0.2.1/a/b", EncodeOptions{Loop: 2, Speed: 2, Volume: 0.5, Headers: map[string]string{"X-A": "1"}}))
	if _, err := io.ReadAll(s.Audio); err != nil {
		t.Fatal(err)
	}
	args := lines(readFile(t, argv))
	expectPair(t, args, "-af", "volume=0.5")
	if slices.Contains(args, "-stream_loop") || slices.Contains(args, "-headers") {
		t.Errorf("started with %q", args)
	}
	if l, ok := TimelineOf(s); !ok || l != (Timeline{0, 1}) {
		t.Errorf("the timeline is %+v, %v", l, ok)
	}
}

func TestStreamsTellWhichMomentsTheyPlay(t *testing.T) {
	for name, c := range map[string]struct {
		options EncodeOptions
		offset  time.Duration
		want    Timeline
		at      time.Duration // after 3 s
	}{
		"plain":          {EncodeOptions{}, 0, Timeline{0, 1}, 3 * time.Second},
		"from an offset": {EncodeOptions{}, 2 * time.Second, Timeline{2 * time.Second, 1}, 5 * time.Second},
		"Start":          {EncodeOptions{Start: time.Second, Speed: 2}, 0, Timeline{time.Second, 2}, 7 * time.Second},
		"before Start":   {EncodeOptions{Start: 2 * time.Second}, time.Second, Timeline{2 * time.Second, 1}, 5 * time.Second},
		"after Start":    {EncodeOptions{Start: time.Second, Speed: 0.5}, 2 * time.Second, Timeline{2 * time.Second, 0.5}, 3500 * time.Millisecond},
	} {
		for _, s := range []Source{FromFile(excerpt, EncodeOptions{Passthrough: PassthroughNever}), FromFile(flashBeep, withPicture)} {
			l, ok := TimelineOf(openAt(t, WithOptions(t.Context(), c.options), s, c.offset))
			if !ok || l != c.want || l.At(3*time.Second) != c.at {
				t.Errorf("%s: %+v, %v; 3 s later it is %v", name, l, ok, l.At(3*time.Second))
			}
		}
	}
	if l, ok := TimelineOf(NewStreams(nil, nil, nil)); ok {
		t.Errorf("of streams of somebody else it is %+v", l)
	}
}
