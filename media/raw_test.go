package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// rawPlayed is what a raw source gave.
type rawPlayed struct {
	samples            int
	loudest            int
	pictures           [][]byte
	last               time.Duration // when the last picture ends
	width, height      int
	audioErr, videoErr error
}

// playRaw reads raw streams to their end.
func playRaw(t *testing.T, s *Streams) *rawPlayed {
	t.Helper()
	p := &rawPlayed{audioErr: io.EOF, videoErr: io.EOF}
	sound := make(chan struct{})
	go func() {
		defer close(sound)
		if s.Audio == nil {
			return
		}
		d := demux.NewWAV(s.Audio)
		var f demux.Frame
		for f, p.audioErr = d.Next(); p.audioErr == nil; f, p.audioErr = d.Next() {
			p.samples += len(f.Data) / 4
			for i := 1; i < len(f.Data); i += 2 {
				p.loudest = max(p.loudest, int(int8(f.Data[i])))
			}
		}
	}()
	if s.Video != nil {
		d := demux.NewY4M(s.Video)
		var f demux.Frame
		for f, p.videoErr = d.Next(); p.videoErr == nil; f, p.videoErr = d.Next() {
			p.pictures = append(p.pictures, f.Data)
			p.last = time.Duration(f.PTS+f.Duration) * time.Second / time.Duration(d.ClockRate())
		}
		p.width, p.height = d.Width(), d.Height()
	}
	<-sound
	return p
}

func (p *rawPlayed) mustHaveEnded(t *testing.T) {
	t.Helper()
	if p.audioErr != io.EOF || p.videoErr != io.EOF { // itself: the natural end
		t.Fatalf("ended with %v, %v", p.audioErr, p.videoErr)
	}
}

// mustLast fails the test unless the sound has the length.
func (p *rawPlayed) mustLast(t *testing.T, want time.Duration) {
	t.Helper()
	got := time.Duration(p.samples) * time.Second / 48000
	if got < want-tolerance || got > want+tolerance {
		t.Errorf("%v of sound, expected %v", got, want)
	}
	if p.loudest < 8 {
		t.Errorf("the sound is silent: its loudest sample is %d of 127", p.loudest)
	}
}

func small(o EncodeOptions) EncodeOptions {
	o.VideoWidth, o.VideoHeight = 160, 160
	return o
}

func TestARawSongIsSamples(t *testing.T) {
	leak.Check(t)
	p := playRaw(t, open(t, WithRaw(t.Context()), FromFile(song)))
	p.mustHaveEnded(t)
	p.mustLast(t, songLength)
}

func TestARawFilmIsPicturesWithBarsInStepWithTheSound(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"one process": WithRaw(t.Context()), "two processes": WithSeparateLegs(WithRaw(t.Context())),
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			p := playRaw(t, open(t, ctx, FromFile(flashBeep, small(withPicture))))
			p.mustHaveEnded(t)
			p.mustLast(t, 10*time.Second)
			if p.width != 160 || p.height != 160 || len(p.pictures) != 300 || p.last != 10*time.Second {
				t.Fatalf("%d pictures of %dx%d, to %v", len(p.pictures), p.width, p.height, p.last)
			}
			// 320×180 in 160×160: bars of 35 lines. White from 1 s to 1.1 s.
			for i, picture := range p.pictures[:60] {
				middle, bar := picture[80*160+80], picture[10*160+80]
				if white := i >= 30 && i < 33; white != (middle > 200) || bar > 20 {
					t.Errorf("picture %d: its middle is %d, its bar %d", i, middle, bar)
				}
			}
		})
	}
}

func TestARawFilmKeepsItsRateUnlessThatIsTooHigh(t *testing.T) {
	film := encode(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=24000/1001:d=4", "-c:v", "ffv1")
	for fps, want := range map[int]int{30: 96, 12: 48} {
		o := small(withPicture)
		o.VideoFPS = fps
		p := playRaw(t, open(t, WithRaw(t.Context()), FromFile(film, o)))
		if len(p.pictures) < want-1 || len(p.pictures) > want+1 || p.last < 3900*time.Millisecond || p.last > 4100*time.Millisecond {
			t.Errorf("at most %d: %d pictures to %v", fps, len(p.pictures), p.last)
		}
	}
}

func TestARawSongWithACoverShowsItToTheEnd(t *testing.T) {
	leak.Check(t)
	p := playRaw(t, open(t, WithRaw(t.Context()), FromFile(withCover(t, "song.mp3", "-c:a", "copy"), small(withPicture))))
	p.mustHaveEnded(t)
	p.mustLast(t, songLength)
	if p.last < songLength-time.Second || p.last > songLength+time.Second {
		t.Errorf("%d pictures to %v", len(p.pictures), p.last)
	}
	if picture := p.pictures[0]; p.width != 160 || picture[80*160+80] < 200 || picture[80*160+2] > 20 {
		t.Error("the picture is not the cover with bars")
	}
}

func TestOggAndIVFOfAnySourceAreDecoded(t *testing.T) {
	leak.Check(t)
	encoded := play(t, open(t, timeless(t), FromFile(flashBeep, withPicture)))
	closed := false
	inner := NewStreams(bytes.NewReader(encoded.sound), iotest.OneByteReader(bytes.NewReader(encoded.sight)), func() error {
		closed = true
		return nil
	})
	s := Raw(WithRaw(t.Context()), inner, small(EncodeOptions{}))
	p := playRaw(t, s)
	p.mustHaveEnded(t)
	p.mustLast(t, 10*time.Second)
	if p.width != 160 || p.height != 160 || len(p.pictures) < 298 || len(p.pictures) > 301 {
		t.Errorf("%d pictures of %dx%d", len(p.pictures), p.width, p.height)
	}
	if err := s.Close(); err != nil || !closed {
		t.Errorf("Close: %v; the source was closed: %v", err, closed)
	}
}

func TestRawPicturesOfAnotherSizeAreFittedIn(t *testing.T) {
	leak.Check(t)
	white := bytes.Repeat([]byte{235}, 64*32)
	picture := append(append([]byte("FRAME\n"), white...), bytes.Repeat([]byte{128}, 64*32/2)...)
	y4m := append([]byte("YUV4MPEG2 W64 H32 F10:1 Ip C420\n"), bytes.Repeat(picture, 20)...)
	s := Raw(WithRaw(t.Context()), NewStreams(nil, iotest.OneByteReader(bytes.NewReader(y4m)), nil), small(EncodeOptions{}))
	p := playRaw(t, s)
	p.mustHaveEnded(t)
	if p.width != 160 || p.height != 160 || len(p.pictures) != 20 || p.last != 2*time.Second {
		t.Fatalf("%d pictures of %dx%d, to %v; expected 20 of 160x160, to 2s", len(p.pictures), p.width, p.height, p.last)
	}
	if picture := p.pictures[10]; picture[80*160+80] < 200 || picture[10*160+80] > 20 {
		t.Errorf("the middle is %d, the bar %d", picture[80*160+80], picture[10*160+80])
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRawPicturesOfTheRightSizeNeedNoProcess(t *testing.T) {
	y4m := "YUV4MPEG2 W160 H160 F10:1\nFRAME\n" + string(make([]byte, 160*160*3/2))
	s := Raw(t.Context(), NewStreams(nil, bytes.NewReader([]byte(y4m)), nil), small(EncodeOptions{}))
	if got, err := io.ReadAll(s.Video); string(got) != y4m || err != nil {
		t.Errorf("%d bytes became %d, %v", len(y4m), len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsRawAlreadyStaysAsItIs(t *testing.T) {
	for _, text := range []string{"RIFF and so on", "YUV4MPEG2", "what is this?", "x", ""} {
		s := Raw(t.Context(), NewStreams(bytes.NewReader([]byte(text)), nil, nil), EncodeOptions{})
		if got, err := io.ReadAll(s.Audio); string(got) != text || err != nil || s.Video != nil {
			t.Errorf("%q became %q, %v", text, got, err)
		}
		s.Video = Raw(t.Context(), NewStreams(nil, bytes.NewReader([]byte(text)), nil), EncodeOptions{}).Video
		if got, err := io.ReadAll(s.Video); string(got) != text || err != nil {
			t.Errorf("as a picture %q became %q, %v", text, got, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheReasonWhyASourceBrokeOffSurvivesItsDecoder(t *testing.T) {
	leak.Check(t)
	reason := errors.New("the cable was cut")
	ogg := readFile(t, "../testdata/song.ogg")
	broken := io.MultiReader(bytes.NewReader(ogg[:len(ogg)/2]), iotest.ErrReader(reason))
	s := Raw(WithRaw(t.Context()), NewStreams(broken, nil, nil), EncodeOptions{})
	p := playRaw(t, s)
	if !errors.Is(p.audioErr, reason) || p.samples < 48000 {
		t.Errorf("ended with %v after %d samples", p.audioErr, p.samples)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestADamagedStreamIsTheDecodersError(t *testing.T) {
	leak.Check(t)
	s := Raw(WithRaw(t.Context()), NewStreams(bytes.NewReader([]byte("OggS and nothing more")), nil, nil), EncodeOptions{})
	_, err := io.ReadAll(s.Audio)
	mustBe(t, err, models.ErrFile, "Ogg")
	if _, again := s.Audio.Read(make([]byte, 1)); again == nil || again.Error() != err.Error() {
		t.Errorf("then %v", again)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestClosingRawStreamsEndsDecoderAndSource(t *testing.T) {
	leak.Check(t)
	r, w, err := os.Pipe() // nobody writes more than the beginning
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(readFile(t, "../testdata/song.ogg")[:8000]); err != nil {
		t.Fatal(err)
	}
	s := Raw(WithRaw(t.Context()), NewStreams(r, nil, r.Close), EncodeOptions{})
	if _, err := io.ReadFull(s.Audio, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, s.Audio); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed leg ends with %v", err)
	}
	unread := Raw(t.Context(), NewStreams(bytes.NewReader([]byte("OggS")), nil, nil), EncodeOptions{})
	if err := unread.Close(); err != nil {
		t.Error(err)
	}
	if _, err := unread.Audio.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a leg that was closed before its first Read ends with %v", err)
	}
}
