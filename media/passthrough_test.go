package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/internal/demux/webmtest"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// packetsOf reads a leg to its end.
func packetsOf(t testing.TB, audio io.Reader) []demux.Frame {
	t.Helper()
	d := Packets(audio)
	var frames []demux.Frame
	for {
		f, err := d.Next()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatalf("after %d packets: %v", len(frames), err)
		}
		frames = append(frames, f)
	}
}

// copied are the packets of a file as ffmpeg takes them out of it.
func copied(t testing.TB, path string) []demux.Frame {
	t.Helper()
	return packetsOf(t, bytes.NewReader(readFile(t, encode(t, "copied.ogg", "-i", path, "-map", "0:a:0", "-c", "copy", "-f", "ogg"))))
}

// samePackets fails unless both have the same bytes.
func samePackets(t testing.TB, got, want []demux.Frame) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d packets, want %d", len(got), len(want))
		return
	}
	for i := range got {
		if !bytes.Equal(got[i].Data, want[i].Data) || got[i].Duration != want[i].Duration {
			t.Errorf("packet %d is another one", i)
			return
		}
	}
}

// opusFiles are made by ffmpeg, of the song.
func opusFiles(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{"song.ogg": excerpt, "pages1s.ogg": "../testdata/pages1s.ogg"}
	for name, args := range map[string][]string{
		"stereo.webm":   nil,
		"mono.mka":      {"-ac", "1", "-b:a", "32k"},
		"short.webm":    {"-frame_duration", "2.5"},
		"long.mka":      {"-frame_duration", "60", "-application", "voip", "-b:a", "24k"},
		"even.ogg":      {"-vbr", "off", "-b:a", "64k"},
		"loud.webm":     {"-b:a", "510k", "-frame_duration", "60"}, // packets of 3.8 KB, which are split
		"live.webm":     {"-f", "webm", "-live", "1"},
		"clusters.webm": {"-cluster_time_limit", "500"},
		"film.mkv":      {"-c:v", "libvpx", "-b:v", "200k"},
	} {
		inputs := []string{"-t", "4", "-i", song}
		if name == "film.mkv" {
			inputs = append(inputs, "-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=4")
		}
		files[name] = encode(t, name, slices.Concat(inputs, []string{"-c:a", "libopus", "-ac", "2"}, args)...)
	}
	return files
}

func TestOpusIsSentPacketByPacketWithoutAProcess(t *testing.T) {
	leak.Check(t)
	r := counting(t)
	for name, path := range opusFiles(t) {
		t.Run(name, func(t *testing.T) {
			renamed := filepath.Join(t.TempDir(), "song.mp3") // the name does not matter
			if err := os.Link(path, renamed); err != nil {
				writeFile(t, renamed, readFile(t, path))
			}
			want := copied(t, path)
			s := open(t, WithRunner(t.Context(), r.Runner), FromFile(renamed))
			if !IsPassedThrough(s) {
				t.Error("it is not sent as it is")
			}
			got := packetsOf(t, s.Audio)
			samePackets(t, got, want)
			length := time.Duration(got[len(got)-1].PTS-got[0].PTS) * time.Second / 48000
			if sum := sumOf(want[:len(want)-1]); (length - sum).Abs() > time.Millisecond {
				t.Errorf("the last packet begins at %v, want %v", length, sum)
			}
			// Whoever wraps the source gets the same as Ogg.
			bytewise, err := io.ReadAll(open(t, WithRunner(t.Context(), r.Runner), FromFile(path)).Audio)
			if err != nil {
				t.Error(err)
			}
			samePackets(t, packetsOf(t, bytes.NewReader(bytewise)), want)
			if filepath.Ext(path) == ".ogg" && !bytes.Equal(bytewise, readFile(t, path)) {
				t.Error("the bytes are not those of the file")
			}
		})
	}
	r.expectNone()
}

func TestALargeFileOfOggIsHandedOnWithItsHeader(t *testing.T) {
	data := oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(3000, 960, 200)))
	got, err := io.ReadAll(open(t, t.Context(), FromFile(written(t, "large.ogg", data))).Audio)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d, or others; %v", len(got), len(data), err)
	}
}

func TestASeekInOpusOfDaysKnowsWhereItIs(t *testing.T) {
	pages := oggtest.Stream{PerPage: 50}.Pages(oggtest.Packets(3000, 960, 200))
	for i := range pages[20:] {
		pages[20+i].Granule += ticksOf(60 * time.Hour)
	}
	const at = 60*time.Hour + 30*time.Second
	l, _ := TimelineOf(openAt(t, t.Context(), FromFile(written(t, "days.ogg", oggtest.Join(pages))), at))
	if (l.Begin - at).Abs() > 20*time.Millisecond {
		t.Errorf("it begins at %v, want %v", l.Begin, at)
	}
}

func sumOf(frames []demux.Frame) time.Duration {
	var ticks int64
	for _, f := range frames {
		ticks += f.Duration
	}
	return time.Duration(ticks) * time.Second / 48000
}

func TestASeekInOpusBeginsWithThePacketOfThatMoment(t *testing.T) {
	leak.Check(t)
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	for name, path := range opusFiles(t) {
		t.Run(name, func(t *testing.T) {
			whole := packetsOf(t, open(t, ctx, FromFile(path)).Audio)
			_, head, err := demux.Inspect(readFile(t, path)[:4000])
			if err != nil {
				t.Fatal(err)
			}
			preSkip := duration(head.PreSkip)
			for _, at := range []time.Duration{time.Millisecond, time.Second, 1234 * time.Millisecond, 3900 * time.Millisecond} {
				streams := openAt(t, ctx, FromFile(path), at)
				l, ok := TimelineOf(streams)
				got := packetsOf(t, streams.Audio)
				n := len(whole) - len(got)
				if n < 0 || n == len(whole) {
					t.Fatalf("from %v: %d packets of %d", at, len(got), len(whole))
				}
				samePackets(t, got, whole[n:])
				begin, end := sumOf(whole[:n])-preSkip, sumOf(whole[:n+1])-preSkip
				if begin > at || end <= at {
					t.Errorf("from %v: begins with the packet from %v to %v", at, begin, end)
				}
				if !ok || (l.Begin-max(0, begin)).Abs() > time.Millisecond || l.Speed != 1 {
					t.Errorf("from %v: the timeline is %+v, %v, expected the beginning %v", at, l, ok, begin)
				}
			}
			for _, at := range []time.Duration{time.Minute, math.MaxInt64} {
				if got := packetsOf(t, openAt(t, ctx, FromFile(path), at).Audio); len(got) != 0 {
					t.Errorf("from %v: %d packets", at, len(got))
				}
				if d, err := listen(openAt(t, ctx, FromFile(path), at).Audio); d != 0 || err != nil { // as who wraps it reads it
					t.Errorf("from %v as Ogg: %v, %v", at, d, err)
				}
			}
			for _, at := range []time.Duration{1990 * time.Millisecond, 2 * time.Second} { // in the middle of a packet, of most of these
				o := EncodeOptions{End: 1990 * time.Millisecond}
				if got := packetsOf(t, openAt(t, ctx, FromFile(path, o), at).Audio); len(got) != 0 {
					t.Errorf("from %v, behind the End: %d packets", at, len(got))
				}
			}
			s := openAt(t, ctx, FromFile(path, EncodeOptions{Start: time.Second, End: 2 * time.Second}), 0)
			asOgg, err := io.ReadAll(s.Audio)
			section := packetsOf(t, bytes.NewReader(asOgg))
			if d := sumOf(section); err != nil || d < time.Second || d > 1120*time.Millisecond || section[0].PTS != 0 {
				t.Errorf("of 1 s to 2 s came %v, from %d; %v", d, section[0].PTS, err)
			}
		})
	}
	r.expectNone()
}

// gainOf is a file with a gain in its header.
func gainOf(t *testing.T) string {
	t.Helper()
	data := bytes.Clone(readFile(t, excerpt))
	data[bytes.Index(data, []byte("OpusHead"))+17] = 1 // 256/256 dB
	oggtest.FixCRC(data)
	path := filepath.Join(t.TempDir(), "gain.ogg")
	writeFile(t, path, data)
	return path
}

// anotherSerial are the pages of a stream as those of another one.
func anotherSerial(ogg []byte) []byte {
	other := bytes.Clone(ogg)
	for at := 0; ; {
		i := bytes.Index(other[at:], []byte("OggS"))
		if i < 0 {
			break
		}
		other[at+i+14] ^= 1
		at += i + 1
	}
	oggtest.FixCRC(other)
	return other
}

// written makes a file.
func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, data)
	return path
}

func TestWhatCannotBeSentAsItIsGoesThroughFFmpegOrIsRefused(t *testing.T) {
	leak.Check(t)
	ogg := readFile(t, excerpt)
	webm := encode(t, "song.webm", "-t", "5", "-i", song, "-c:a", "libopus")
	encrypted := bytes.Replace(readFile(t, webm), []byte("A_OPUS"), []byte("A_XPUS"), 1)
	for name, c := range map[string]struct {
		path    string
		options EncodeOptions
		says    string
		plays   time.Duration // 0 when ffmpeg cannot play it either
	}{
		"mp3":           {song, EncodeOptions{}, "not Opus", songLength},
		"vorbis":        {encode(t, "v.ogg", "-t", "2", "-i", song, "-c:a", "libvorbis"), EncodeOptions{}, "OpusHead", 2 * time.Second},
		"six channels":  {encode(t, "six.webm", "-t", "2", "-i", song, "-ac", "6", "-c:a", "libopus"), EncodeOptions{}, "6 channels", 2 * time.Second},
		"another codec": {written(t, "x.webm", encrypted), EncodeOptions{}, "A_XPUS", 0},
		"a chain":       {written(t, "chain.ogg", slices.Concat(ogg, anotherSerial(ogg))), EncodeOptions{}, "more than one stream", 10 * time.Second},
		"two streams": {encode(t, "two.ogg", "-t", "2", "-i", song, "-t", "2", "-i", song, "-map", "0:a", "-map", "1:a", "-c:a", "libopus"), EncodeOptions{},
			"more than one stream", 2 * time.Second},
		"a gain":         {gainOf(t), EncodeOptions{}, "1.00 dB", 5 * time.Second},
		"a filter":       {excerpt, EncodeOptions{AudioFilter: "atrim=end=1"}, "AudioFilter", time.Second},
		"a speed":        {excerpt, EncodeOptions{Speed: 2}, "Speed is 2", 2500 * time.Millisecond},
		"a volume":       {webm, EncodeOptions{Volume: 0.5}, "Volume is 0.5", 5 * time.Second},
		"repeated":       {excerpt, EncodeOptions{Loop: 1}, "Loop is 1", 10 * time.Second},
		"other channels": {excerpt, EncodeOptions{AudioChannels: 1}, "AudioChannels is 1 and its sound has 2", 5 * time.Second},
		"a picture":      {webm, EncodeOptions{Tracks: TrackVideo}, "a picture is asked for", 5 * time.Second},
		"a text":         {written(t, "notes.txt", []byte("this is not a song, but a text")), EncodeOptions{}, "neither Ogg nor WebM", 0},
		"a beginning":    {written(t, "begin.ogg", ogg[:80]), EncodeOptions{}, "cannot be found", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t)
			ctx := WithRunner(timeless(t), r.Runner)
			c.options.Passthrough = PassthroughRequired
			_, err := FromFile(c.path, c.options).Open(ctx)
			mustBe(t, err, models.ErrPassthrough, c.says, filepath.Base(c.path), "PassthroughAuto")
			r.expectNone()
			c.options.Passthrough = PassthroughNever
			for range 2 {
				if c.plays > 0 {
					plays(t, ctx, FromFile(c.path, c.options), c.plays)
				} else {
					mustBe(t, fails(t, ctx, FromFile(c.path, c.options)), models.ErrFile)
				}
				c.options.Passthrough = PassthroughAuto
			}
			if n := r.records.starts.Load(); n < 2 {
				t.Errorf("%d starts", n)
			}
		})
	}
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	required := EncodeOptions{Passthrough: PassthroughRequired}
	for name, open := range map[string]func(context.Context) (*Streams, error){
		"a broadcast": func(ctx context.Context) (*Streams, error) { return FromFile(excerpt, required).Open(WithRaw(ctx)) },
		"live":        FromURL("rtmp://192.0.2.1/a/b", required).Open,
		"a reader":    FromReader(bytes.NewReader(readFile(t, song)), required).Open,
	} {
		if _, err := open(ctx); !errors.Is(err, models.ErrPassthrough) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := FromFile("missing.ogg", required).Open(ctx)
	mustBe(t, err, models.ErrFile)
	_, err = FromFile(excerpt, EncodeOptions{Passthrough: 3}).Open(ctx)
	mustBe(t, err, models.ErrInvalidParams, "Passthrough is 3")
	r.expectNone()
	plays(t, ctx, FromReader(bytes.NewReader(ogg), EncodeOptions{Passthrough: PassthroughNever}), 5*time.Second)
	if r.records.starts.Load() != 1 {
		t.Error("a reader of Opus with PassthroughNever went past ffmpeg")
	}
}

func TestWhatIsAskedForWithoutChangingAnythingIsNoHindrance(t *testing.T) {
	r := counting(t)
	o := EncodeOptions{Speed: 1, Volume: 1, AudioChannels: 2, AudioBitrateKbps: 64, VideoFilter: "hflip", Tracks: TrackAudio, Passthrough: PassthroughRequired}
	plays(t, WithRunner(t.Context(), r.Runner), FromFile(excerpt, o), 5*time.Second)
	r.expectNone()
}

func TestADamagedFileThatIsSentAsItIsEndsWithErrFile(t *testing.T) {
	packet := oggtest.Opus(960, 60, 1)
	clusters := webmtest.Clusters(slices.Repeat([][]byte{packet.Data}, 100), packet.Ticks, 10)
	data := webmtest.File(clusters...)
	s := open(t, t.Context(), FromFile(written(t, "cut.webm", data[:len(data)-100])))
	d := Packets(s.Audio)
	n := 0
	for {
		if _, err := d.Next(); err != nil {
			mustBe(t, err, models.ErrFile, "cut.webm", "before its end")
			break
		}
		n++
	}
	if n < 97 {
		t.Errorf("%d packets", n)
	}
}

func TestAFileThatIsSentAsItIsEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	streams, err := FromFile(excerpt).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	cancel()
	deadline := time.Now().Add(patience)
	for err == nil && time.Now().Before(deadline) {
		if _, err = streams.Audio.Read(make([]byte, 1)); err == nil {
			time.Sleep(time.Millisecond)
		}
	}
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read returned %v", err)
	}
}

// BenchmarkPassthrough opens a file that is sent as it is, and reads it to its end; one operation is one packet.
func BenchmarkPassthrough(b *testing.B) {
	for name, path := range map[string]string{"Ogg": excerpt, "WebM": encode(b, "song.webm", "-i", song, "-c:a", "libopus")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var d demux.Demuxer
			for b.Loop() {
				if d == nil {
					d = Packets(open(b, b.Context(), FromFile(path)).Audio)
				}
				if _, err := d.Next(); err != nil {
					d = nil
				}
			}
		})
	}
}
