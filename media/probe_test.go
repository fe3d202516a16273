package media

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

var songInfo = StreamInfo{Kind: TrackAudio, Codec: "mp3", SampleRate: 48000, Channels: 2}

// known fails the test unless a source is what it should be. The duration may be a little off.
func known(t *testing.T, s Source, want MediaInfo) {
	t.Helper()
	got, err := Probe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if (got.Duration - want.Duration).Abs() > tolerance {
		t.Errorf("it lasts %v, expected %v", got.Duration, want.Duration)
	}
	if !slices.Equal(got.Streams, want.Streams) {
		t.Errorf("it has %+v, expected %+v", got.Streams, want.Streams)
	}
	if got.Title != want.Title || got.Artist != want.Artist || got.Container != want.Container || got.Live != want.Live {
		t.Errorf("it is %+v, expected %+v", got, want)
	}
}

func TestAFileIsKnownWithoutPlayingIt(t *testing.T) {
	leak.Check(t)
	known(t, FromFile(song), MediaInfo{Duration: songLength, Container: "mp3", Title: "A Short Piece", Artist: "The gotgcall authors",
		Streams: []StreamInfo{songInfo}})
	known(t, FromFile("../testdata/song.ogg"), MediaInfo{Duration: 5 * time.Second, Container: "ogg", Title: "A Short Piece",
		Artist: "The gotgcall authors", Streams: []StreamInfo{{Kind: TrackAudio, Codec: "opus", SampleRate: 48000, Channels: 2}}})
	known(t, FromFile(flashBeep), MediaInfo{Duration: 10 * time.Second, Container: "mov,mp4,m4a,3gp,3g2,mj2", Streams: []StreamInfo{
		{Kind: TrackVideo, Codec: "h264", Width: 320, Height: 180, FPS: 30},
		{Kind: TrackAudio, Codec: "aac", SampleRate: 48000, Channels: 1}}})
}

func TestAURLIsKnownWithoutPlayingIt(t *testing.T) {
	leak.Check(t)
	s := httptest.NewServer(http.FileServer(http.Dir("../testdata")))
	defer s.Close()
	known(t, FromURL(s.URL+"/song.mp3"), MediaInfo{Duration: songLength, Container: "mp3", Title: "A Short Piece",
		Artist: "The gotgcall authors", Streams: []StreamInfo{songInfo}})
	picture := encode(t, "picture.png", "-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=1", "-frames:v", "1")
	radio := serve(t, map[string]page{"/radio": chunkedPage(readFile(t, "../testdata/song.ogg")), "/picture": bytesPage(readFile(t, picture))})
	known(t, FromURL(radio.URL+"/radio"), MediaInfo{Container: "ogg", Live: true, Title: "A Short Piece",
		Artist: "The gotgcall authors", Streams: []StreamInfo{{Kind: TrackAudio, Codec: "opus", SampleRate: 48000, Channels: 2}}})
	known(t, FromURL(radio.URL+"/picture"), MediaInfo{Container: "png_pipe",
		Streams: []StreamInfo{{Kind: TrackVideo, Codec: "png", Width: 64, Height: 48, FPS: 25}}})
}

func TestWhatCannotBePlayedCannotBeProbed(t *testing.T) {
	leak.Check(t)
	text := filepath.Join(t.TempDir(), "text.mp3")
	writeFile(t, text, []byte(strings.Repeat("This is a text and not a song.\n", 20)))
	s := serve(t, nil)
	const secret = "Geheim77Geheim77"
	for name, c := range map[string]struct {
		source   Source
		sentinel error
		parts    []string
	}{
		"missing":   {FromFile("none.mp3"), models.ErrFile, []string{"none.mp3"}},
		"text":      {FromFile(text), models.ErrFile, []string{text, "not a media file"}},
		"404":       {FromURL(s.URL + "/x?token=" + secret), models.ErrFile, []string{"does not give it out"}},
		"bad URL":   {FromURL("gopher://x"), models.ErrInvalidParams, []string{"gopher"}},
		"a command": {FromShell("ffmpeg -i x", TrackAudio), models.ErrInvalidParams, []string{"*media.shellSource", "FromFile"}},
		"a wrapper": {wrapped{FromFile(song)}, models.ErrInvalidParams, []string{"media.wrapped", "Probe"}},
		"nil":       {nil, models.ErrInvalidParams, []string{"nil"}},
	} {
		_, err := Probe(t.Context(), c.source)
		mustBe(t, err, c.sentinel, c.parts...)
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	list := filepath.Join(t.TempDir(), "list.m3u8")
	writeFile(t, list, []byte("#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n"+s.URL+"/song.mp3\n#EXT-X-ENDLIST\n"))
	_, err := Probe(t.Context(), FromFile(list))
	mustBe(t, err, models.ErrFile, "may not open")
	if n := s.requests("/song.mp3"); n != 0 {
		t.Errorf("the server got %d requests", n)
	}
}

func TestProbeRunsTheClientsFFmpegWithTheFlagsOfPlaying(t *testing.T) {
	argv := t.TempDir() + "/argv"
	r := runner(t, ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@" >`+argv+`; echo "Input #0, x, from 'y':" >&2; exit 1`)})
	info, err := Probe(WithRunner(t.Context(), r), FromURL("https://example.com/x", EncodeOptions{UserAgent: "mine"}))
	if err != nil || info.Container != "x" {
		t.Errorf("%+v, %v", info, err)
	}
	args := lines(readFile(t, argv))
	expectPair(t, args, "-tls_verify", "1")
	expectPair(t, args, "-user_agent", "mine")
	expectPair(t, args, "-protocol_whitelist", "http,https,httpproxy,tcp,tls,crypto,data")
	for script, sentinel := range map[string]error{
		"echo \"Input #0, x, from 'y':\" >&2; kill -9 $$": models.ErrFFmpegCrashed,
		"exit 0": models.ErrFile,
		"exit 1": models.ErrFile,
	} {
		_, err := Probe(WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: stub(t, script)})), FromFile(song))
		mustBe(t, err, sentinel)
	}
	_, err = Probe(WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: "/nowhere/ffmpeg"})), FromFile(song))
	mustBe(t, err, models.ErrFFmpegSpawn)
}

func TestAProbeEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	asked := make(chan struct{})
	s := serve(t, map[string]page{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}})
	reason := errors.New("enough")
	ctx, cancel := contextWithCause(t, reason)
	go func() {
		<-asked
		cancel()
	}()
	if _, err := Probe(ctx, FromURL(s.URL+"/hang")); !errors.Is(err, reason) {
		t.Errorf("Probe returned %v", err)
	}
	if _, err := Probe(ctx, FromFile(song)); !errors.Is(err, reason) {
		t.Errorf("in an ended context Probe returned %v", err)
	}
}

// prober is a source that knows what it is.
type prober struct{ wrapped }

func (prober) Probe(ctx context.Context) (MediaInfo, error) {
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > probeTimeout {
		return MediaInfo{}, errors.New("without a limit")
	}
	return MediaInfo{Title: "mine"}, fs.ErrExist
}

func TestASourceMaySayItselfWhatItIs(t *testing.T) {
	if info, err := Probe(t.Context(), prober{}); info.Title != "mine" || !errors.Is(err, fs.ErrExist) {
		t.Errorf("%+v, %v", info, err)
	}
	info, err := Probe(t.Context(), FromOpus())
	if err != nil || !info.Live || !info.Has(TrackAudio) || info.Has(TrackVideo) {
		t.Errorf("%+v, %v", info, err)
	}
}
