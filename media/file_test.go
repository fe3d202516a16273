package media

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestAFilePlaysToItsEnd(t *testing.T) {
	leak.Check(t)
	plays(t, t.Context(), FromFile(song), songLength)
}

func TestAFilePlaysFromAnOffset(t *testing.T) {
	leak.Check(t)
	s := FromFile(song).(SeekableSource)
	for offset, want := range map[time.Duration]time.Duration{
		12340 * time.Millisecond: 7660 * time.Millisecond,
		songLength + time.Second: 0,
	} {
		streams, err := s.OpenAt(t.Context(), offset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := listen(streams.Audio)
		if err != nil {
			t.Errorf("from %v: %v", offset, err)
		}
		if (got - want).Abs() > tolerance {
			t.Errorf("from %v played %v, expected %v", offset, got, want)
		}
		if err := streams.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAnOffsetBeforeTheBeginningIsRefused(t *testing.T) {
	_, err := FromFile(song).(SeekableSource).OpenAt(t.Context(), -time.Second)
	mustBe(t, err, models.ErrInvalidParams, "-1s", "song.mp3")
}

func TestWhatIsNoFileIsRefusedBeforeAnythingIsSpawned(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.mp3")
	writeFile(t, empty, nil)
	loop := filepath.Join(dir, "loop.mp3")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path  string
		cause error
		parts []string
	}{
		"missing":      {dir + "/none.mp3", fs.ErrNotExist, []string{dir + "/none.mp3", "check the path"}},
		"below a file": {song + "/x", nil, nil},
		"empty path":   {"", nil, []string{"path is empty"}},
		"directory":    {dir, nil, []string{"directory", dir}},
		"empty":        {empty, nil, []string{"empty", empty}},
		"endless":      {"/dev/zero", nil, []string{"device"}},
		"null":         {"/dev/null", nil, []string{"device"}},
		"NUL":          {"a\x00b.mp3", nil, []string{`a\x00b.mp3`, "NUL"}},
		"too long":     {strings.Repeat("n", 4096), nil, []string{"too long"}},
		"a loop":       {loop, nil, []string{loop}},
		"a URL":        {"https://user:Geheim77@example.com/x.mp3?t=Geheim77", fs.ErrNotExist, []string{"FromURL", "example.com"}},
		"a file URL":   {"file:///none.mp3", fs.ErrNotExist, []string{`without "file:"`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t)
			_, err := FromFile(c.path).Open(WithRunner(t.Context(), r.Runner))
			mustBe(t, err, models.ErrFile, c.parts...)
			if c.cause != nil {
				mustBe(t, err, c.cause)
			}
			if strings.Contains(err.Error(), "Geheim77") {
				t.Errorf("the error shows the password: %v", err)
			}
			r.expectNone()
		})
	}
}

func TestAFileWithoutSoundFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.mp3")
	writeFile(t, text, []byte(strings.Repeat("This is a text and not a song.\n", 20)))
	film := encode(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", "mpeg4")
	picture := encode(t, "picture.png", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=1", "-frames:v", "1")
	for path, want := range map[string]string{
		text:    "not a media file",
		film:    "no sound",
		picture: "no sound",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			leak.Check(t)
			err := fails(t, t.Context(), FromFile(path))
			mustBe(t, err, models.ErrFile, path, want, "exited with code")
		})
	}
}

func TestAFilterThatFFmpegDoesNotTakeIsNamed(t *testing.T) {
	const check = "check EncodeOptions.AudioFilter and VideoFilter"
	for filter, says := range map[string]string{
		"nosuchfilter=1": `no filter "nosuchfilter"`, "pan=nonsense": `the filter "pan" cannot be used as it is given`, "anullsrc": "the filters cannot be used",
	} {
		err := fails(t, t.Context(), FromFile(song, EncodeOptions{AudioFilter: filter}))
		mustBe(t, err, models.ErrFile, says, check, "exited with code")
	}
	// The sound of a film may begin before the filters of its picture are set up.
	streams, err := FromFile("../testdata/flashbeep.mp4", EncodeOptions{Tracks: TrackVideo, VideoFilter: "nosuchfilter"}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	_, err = io.Copy(io.Discard, streams.Video)
	if err == nil || !strings.Contains(err.Error(), `no filter "nosuchfilter": `+check) { // ErrFFmpegCrashed, or ErrFile if nothing had begun
		t.Errorf("the picture ended with %v", err)
	}
}

func TestALocalPlaylistPlaysFilesButNothingFromTheNetwork(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "song.mp3"), readFile(t, song))
	playlist := func(entry string) string {
		path := filepath.Join(dir, "list.m3u8")
		writeFile(t, path, []byte("#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n"+entry+"\n#EXT-X-ENDLIST\n"))
		return path
	}
	t.Run("file", func(t *testing.T) { plays(t, t.Context(), FromFile(playlist("song.mp3")), songLength) })
	t.Run("network", func(t *testing.T) {
		server := serve(t, map[string]page{"/song.mp3": bytesPage(readFile(t, song))})
		err := fails(t, t.Context(), FromFile(playlist(server.URL+"/song.mp3")))
		mustBe(t, err, models.ErrFile, "may not open")
		if n := server.requests("/song.mp3"); n != 0 {
			t.Errorf("the server got %d requests", n)
		}
	})
}

func TestOptionsAreCheckedBeforeTheFile(t *testing.T) {
	_, err := FromFile("missing", EncodeOptions{AudioChannels: 9}).Open(t.Context())
	mustBe(t, err, models.ErrInvalidParams, "AudioChannels is 9")
}
