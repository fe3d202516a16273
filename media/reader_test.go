package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// closable counts how often it is closed.
type closable struct {
	io.Reader
	closes  atomic.Int64
	failure error
}

func (c *closable) Close() error {
	c.closes.Add(1)
	return c.failure
}

func TestAReaderOfAnyFormatPlays(t *testing.T) {
	for name, data := range map[string][]byte{
		"mp3":    readFile(t, encode(t, "s.mp3", "-t", "2", "-i", song, "-c", "copy")),
		"vorbis": readFile(t, encode(t, "v.ogg", "-t", "2", "-i", song, "-c:a", "libvorbis")),
		"six channels of Opus": readFile(t, encode(t, "six.ogg", "-t", "2", "-i", song, "-ac", "6", "-c:a", "libopus",
			"-mapping_family", "1")),
		"mp4 with its index in front": readFile(t, encode(t, "front.m4a", "-t", "2", "-i", song, "-c:a", "aac", "-movflags", "faststart")),
		"fragmented mp4": readFile(t, encode(t, "parts.mp4", "-t", "2", "-i", song, "-c:a", "aac", "-movflags",
			"empty_moov+frag_keyframe+default_base_moof")),
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			plays(t, t.Context(), FromReader(bytes.NewReader(data)), 2*time.Second)
		})
	}
}

func TestOpusAndVP8OfAReaderPassAsTheyAre(t *testing.T) {
	ogg := readFile(t, "../testdata/song.ogg")
	ivf := readFile(t, encode(t, "film.ivf", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", "libvpx"))
	for _, o := range []EncodeOptions{{}, withPicture} {
		leak.Check(t)
		r := counting(t)
		ctx := WithRunner(t.Context(), r.Runner)
		sound := open(t, ctx, FromReader(iotest.OneByteReader(bytes.NewReader(ogg)), o))
		if got, err := io.ReadAll(sound.Audio); !bytes.Equal(got, ogg) || err != nil || sound.Video != nil {
			t.Errorf("%d bytes of %d, %v", len(got), len(ogg), err)
		}
		sight := open(t, ctx, FromReader(bytes.NewReader(ivf), o))
		if got, err := io.ReadAll(sight.Video); !bytes.Equal(got, ivf) || err != nil || sight.Audio != nil {
			t.Errorf("%d bytes of %d, %v", len(got), len(ivf), err)
		}
		r.expectNone()
	}
}

func TestAReaderGivesSoundAndPicture(t *testing.T) {
	leak.Check(t)
	film := encode(t, "film.mkv", "-i", flashBeep, "-c", "copy")
	p := play(t, open(t, timeless(t), FromReader(bytes.NewReader(readFile(t, film)), withPicture)))
	if p.audioErr != nil || p.videoErr != nil || len(p.audio) < 450 || len(p.video) != 300 {
		t.Errorf("%d and %d frames, %v, %v", len(p.audio), len(p.video), p.audioErr, p.videoErr)
	}
}

func TestVP9InIVFIsEncodedAnew(t *testing.T) {
	leak.Check(t)
	vp9 := encode(t, "film.ivf", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", "libvpx-vp9", "-deadline", "realtime")
	s := open(t, timeless(t), FromReader(bytes.NewReader(readFile(t, vp9))))
	d := demux.NewIVF(s.Video)
	n := 0
	for _, err := d.Next(); err != io.EOF; _, err = d.Next() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 5 || s.Audio != nil {
		t.Errorf("%d pictures", n)
	}
}

func TestAReaderWithoutAPictureIsPlayedWithout(t *testing.T) {
	leak.Check(t)
	s := open(t, t.Context(), FromReader(bytes.NewReader(readFile(t, song)), withPicture))
	if s.Video != nil {
		t.Error("there is a picture")
	}
	if got, err := listen(s.Audio); err != nil || (got-songLength).Abs() > tolerance {
		t.Errorf("played %v, %v", got, err)
	}
	silent := encode(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", "mpeg4")
	s = open(t, timeless(t), FromReader(bytes.NewReader(readFile(t, silent)), withPicture))
	if s.Audio != nil || s.Video == nil {
		t.Errorf("%+v", s)
	}
}

func TestOptionsChangeWhatAReaderGives(t *testing.T) {
	leak.Check(t)
	for name, c := range map[string]struct {
		data    []byte
		options EncodeOptions
		want    time.Duration
	}{
		"section of a song":  {readFile(t, song), EncodeOptions{Start: 3 * time.Second, End: 5 * time.Second}, 2 * time.Second},
		"section of Opus":    {readFile(t, "../testdata/song.ogg"), EncodeOptions{Start: time.Second, End: 3 * time.Second}, 2 * time.Second},
		"speed of Opus":      {readFile(t, "../testdata/song.ogg"), EncodeOptions{Speed: 2}, 2500 * time.Millisecond},
		"no loop of a song":  {readFile(t, song), EncodeOptions{Loop: -1}, songLength},
		"no filter of Opus":  {readFile(t, "../testdata/song.ogg"), EncodeOptions{VideoFilter: "hflip"}, 5 * time.Second},
		"a filter of Opus":   {readFile(t, "../testdata/song.ogg"), EncodeOptions{AudioFilter: "atrim=end=1"}, time.Second},
		"beyond its own end": {readFile(t, song), EncodeOptions{Start: time.Minute}, 0},
	} {
		t.Run(name, func(t *testing.T) { plays(t, t.Context(), FromReader(bytes.NewReader(c.data), c.options), c.want) })
	}
	s := open(t, t.Context(), FromReader(bytes.NewReader(readFile(t, song)), EncodeOptions{Start: time.Second, Speed: 2}))
	if l, ok := TimelineOf(s); !ok || l != (Timeline{Begin: time.Second, Speed: 2}) {
		t.Errorf("the timeline is %+v, %v", l, ok)
	}
}

func TestOpusOfAReaderThatIsToSoundOtherwiseIsEncodedAnew(t *testing.T) {
	leak.Check(t)
	stereo := readFile(t, excerpt)
	for name, c := range map[string]struct {
		data    []byte
		options EncodeOptions
		starts  int64
	}{
		"a gain":           {readFile(t, gainOf(t)), EncodeOptions{}, 1},
		"other channels":   {stereo, EncodeOptions{AudioChannels: 1}, 1},
		"its own channels": {stereo, EncodeOptions{AudioChannels: 2}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t)
			plays(t, WithRunner(t.Context(), r.Runner), FromReader(bytes.NewReader(c.data), c.options), 5*time.Second)
			if n := r.records.starts.Load(); n != c.starts {
				t.Errorf("%d starts, want %d", n, c.starts)
			}
			c.options.Passthrough = PassthroughRequired
			s, err := FromReader(bytes.NewReader(c.data), c.options).Open(t.Context())
			if err == nil {
				err = s.Close()
			}
			if errors.Is(err, models.ErrPassthrough) != (c.starts > 0) {
				t.Errorf("where it must be sent as it is: %v", err)
			}
		})
	}
}

func TestFFmpegReadsStdinOnceAndNothingElse(t *testing.T) {
	argv := t.TempDir() + "/argv"
	ctx := WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@" >`+argv+`; printf OggS`)}))
	for _, s := range []Source{
		FromReader(strings.NewReader("some song"), EncodeOptions{Loop: 3}), FromPCM(strings.NewReader("samples"), 16000, 1, EncodeOptions{Loop: 3}),
	} {
		if got, err := io.ReadAll(open(t, ctx, s).Audio); string(got) != "OggS" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		args := lines(readFile(t, argv))
		expectPair(t, args, "-protocol_whitelist", "pipe")
		expectPair(t, args, "-i", "pipe:0")
		if strings.Contains(strings.Join(args, " "), "loop") {
			t.Errorf("it would be repeated: %q", args)
		}
	}
}

func TestARawReaderIsSamples(t *testing.T) {
	leak.Check(t)
	ctx := WithRaw(t.Context())
	p := playRaw(t, open(t, ctx, FromReader(bytes.NewReader(readFile(t, song)))))
	p.mustHaveEnded(t)
	p.mustLast(t, songLength)
}

func TestWhatAReaderGivesMustBeMedia(t *testing.T) {
	for name, c := range map[string]struct {
		data  []byte
		parts []string
	}{
		"nothing":   {nil, []string{"gave nothing"}},
		"two bytes": {[]byte("OK"), []string{"not a media file"}},
		"text":      {bytes.Repeat([]byte("not a song\n"), 1000), []string{"not a media file"}},
		"mp4 with its index at the end": {readFile(t, encode(t, "end.m4a", "-t", "2", "-i", song, "-c:a", "aac")),
			[]string{"moov", "save it", "FromFile", "-movflags +faststart"}},
		"a script": {[]byte("ffconcat version 1.0\nfile song.mp3\n"), []string{"pipe:song.mp3"}},
		"a playlist": {[]byte("#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\nfile://" + abs(t, song) + "\n#EXT-X-ENDLIST\n"),
			[]string{"FromReader"}},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			r := &closable{Reader: bytes.NewReader(c.data)}
			mustBe(t, fails(t, t.Context(), FromReader(r)), models.ErrFile, c.parts...)
			if r.closes.Load() != 1 {
				t.Errorf("closed %d times", r.closes.Load())
			}
		})
	}
}

func TestAReaderIsOpenedOnce(t *testing.T) {
	leak.Check(t)
	s := FromReader(bytes.NewReader(readFile(t, "../testdata/song.ogg")))
	_, err := s.Open(WithOptions(t.Context(), EncodeOptions{AudioChannels: 7}))
	mustBe(t, err, models.ErrInvalidParams)
	open(t, t.Context(), s) // what was refused before it was read does not count
	_, err = s.Open(t.Context())
	mustBe(t, err, models.ErrFile, "opened before")
	_, err = FromReader(nil).Open(t.Context())
	mustBe(t, err, models.ErrInvalidParams, "nil")
	if _, ok := s.(SeekableSource); ok {
		t.Error("it is seekable")
	}
}

func TestAReadersErrorEndsTheStream(t *testing.T) {
	reason := errors.New("the cable was cut")
	ogg, mp3, film := readFile(t, "../testdata/song.ogg"), readFile(t, song), readFile(t, encode(t, "film.mkv", "-i", flashBeep, "-c", "copy"))
	for name, c := range map[string]struct {
		data    []byte
		options EncodeOptions
	}{
		"at once":          {nil, EncodeOptions{}},
		"in the first 4":   {ogg[:2], EncodeOptions{}},
		"as it is":         {ogg[:len(ogg)/2], EncodeOptions{}},
		"through ffmpeg":   {mp3[:len(mp3)/2], EncodeOptions{}},
		"before a picture": {mp3[:len(mp3)/2], withPicture},
		"with a picture":   {film[:len(film)/2], withPicture},
		"of text":          {[]byte("not a song"), EncodeOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s, err := FromReader(io.MultiReader(bytes.NewReader(c.data), iotest.ErrReader(reason)), c.options).Open(t.Context())
			if err == nil {
				defer s.Close()
				if s.Video != nil {
					go io.Copy(io.Discard, s.Video)
				}
				_, err = io.Copy(io.Discard, s.Audio)
			}
			if !errors.Is(err, reason) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// hanging gives what it has, then nothing until it is let go.
type hanging struct {
	data io.Reader
	hang chan struct{} // closed when it hangs
	free chan struct{}
}

func newHanging(data []byte) *hanging {
	return &hanging{bytes.NewReader(data), make(chan struct{}), make(chan struct{})}
}

func (h *hanging) Read(b []byte) (int, error) {
	if n, err := h.data.Read(b); err == nil {
		return n, nil
	}
	close(h.hang)
	<-h.free
	return 0, io.EOF
}

func TestClosingDoesNotWaitForAReaderThatHangs(t *testing.T) {
	for name, data := range map[string][]byte{"as it is": readFile(t, "../testdata/song.ogg"), "through ffmpeg": readFile(t, song)} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			h := newHanging(data[:len(data)/2])
			s, err := FromReader(h).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, s.Audio)
				read <- err
			}()
			<-h.hang
			if err := s.Close(); err != nil { // while the reader hangs
				t.Error(err)
			}
			if err := <-read; !errors.Is(err, os.ErrClosed) {
				t.Errorf("Read returned %v", err)
			}
			close(h.free)
		})
	}
}

func TestAReaderThatHangsEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	h := newHanging(nil)
	defer close(h.free)
	reason := errors.New("enough")
	ctx, cancel := contextWithCause(t, reason)
	go func() {
		<-h.hang
		cancel()
	}()
	if _, err := FromReader(h).Open(ctx); !errors.Is(err, reason) {
		t.Errorf("Open returned %v", err)
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pw.Close()
	if _, err := pw.Write(readFile(t, "../testdata/song.ogg")[:100]); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	streams, err := FromReader(pr).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stop() // and nobody closes the streams
	if _, err := io.Copy(io.Discard, streams.Audio); !errors.Is(err, context.Canceled) || !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read returned %v", err)
	}
}

func TestAReaderIsClosedWithItsStream(t *testing.T) {
	leak.Check(t)
	failure := errors.New("could not be closed")
	r := &closable{Reader: bytes.NewReader(readFile(t, "../testdata/song.ogg")), failure: failure}
	s, err := FromReader(r).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s.Audio); err != nil || r.closes.Load() != 0 {
		t.Errorf("%v; closed %d times at its end", err, r.closes.Load())
	}
	if err := s.Close(); !errors.Is(err, failure) || r.closes.Load() != 1 {
		t.Errorf("Close: %v, %d times", err, r.closes.Load())
	}
}

// idle is a reader that gives nothing and no error.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestAReaderThatGivesNothingForeverIsGivenUp(t *testing.T) {
	leak.Check(t)
	if _, err := FromReader(idle{}).Open(t.Context()); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Open returned %v", err)
	}
}

func TestAReaderIsReleasedWhenFFmpegCannotBeStarted(t *testing.T) {
	leak.Check(t)
	r := &closable{Reader: strings.NewReader("something")}
	_, err := FromReader(r).Open(WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: "/nowhere/ffmpeg"})))
	mustBe(t, err, models.ErrFFmpegSpawn)
	if r.closes.Load() != 1 {
		t.Errorf("closed %d times", r.closes.Load())
	}
}

// FuzzReader is what the look at the first bytes makes of anything.
func FuzzReader(f *testing.F) {
	ogg := readFile(f, "../testdata/song.ogg")
	f.Add(ogg[:200])
	f.Add(ogg[:30])
	f.Add([]byte("DKIF\x00\x00\x20\x00VP80"))
	f.Add([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00\x00\x00\x00\x08free\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x10\x00"))
	f.Add([]byte("\x00\x00\x00\x01wide\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			in := &intake{pump: newPump(t.Context(), "test", r)}
			in.isOpus(&passage{}, true)
			in.isOpus(&passage{}, false)
			in.isIndexedAtItsEnd()
			if got, err := io.ReadAll(in); !bytes.Equal(got, data) || err != nil {
				t.Errorf("%q became %q, %v", data, got, err)
			}
			in.pump.end()
		}
	})
}
