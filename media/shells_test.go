package media

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestTwoCommandsAreSoundAndPicture(t *testing.T) {
	leak.Check(t)
	s := FromShells("printf sound", "printf sight").WithParallelSpawn()
	if s.Tracks() != TrackAudio|TrackVideo {
		t.Errorf("the tracks are %v", s.Tracks())
	}
	streams := open(t, t.Context(), s)
	for want, leg := range map[string]io.Reader{"sound": streams.Audio, "sight": streams.Video} {
		if got, err := io.ReadAll(leg); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
}

func TestOneOfTwoCommandsIsEnough(t *testing.T) {
	sound := FromShells("printf sound", " ")
	if streams := open(t, t.Context(), sound); streams.Video != nil || streams.Audio == nil || sound.Tracks() != TrackAudio {
		t.Errorf("%+v, %v", streams, sound.Tracks())
	}
	sight := FromShells("", "printf sight")
	if streams := open(t, t.Context(), sight); streams.Audio != nil || streams.Video == nil || sight.Tracks() != TrackVideo {
		t.Errorf("%+v, %v", streams, sight.Tracks())
	}
	_, err := FromShells("", "\n").Open(t.Context())
	mustBe(t, err, models.ErrInvalidParams, "both commands are empty")
}

func TestEachCommandIsCompletedForItsTrack(t *testing.T) {
	r := runner(t, ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@"`)})
	streams := open(t, WithRunner(t.Context(), r), FromShells("ffmpeg -i a", "ffmpeg -i b"))
	sound, _ := io.ReadAll(streams.Audio)
	sight, _ := io.ReadAll(streams.Video)
	expectPair(t, lines(sound), "-c:a", "libopus")
	expectPair(t, lines(sight), "-c:v", "libvpx")
}

func TestAWrongCommandOfTwoIsNamedAndNothingIsStarted(t *testing.T) {
	r := counting(t)
	_, err := FromShells("printf x", "ffmpeg -i x -c:v h264").Open(WithRunner(t.Context(), r.Runner))
	mustBe(t, err, models.ErrInvalidParams, "the video command", "h264")
	_, err = FromShells("printf x", "").OpenAt(WithRunner(t.Context(), r.Runner), -time.Second)
	mustBe(t, err, models.ErrInvalidParams, "-1s")
	r.expectNone()
}

func TestOfTwoCommandsOneThatCannotStartEndsTheOther(t *testing.T) {
	leak.Check(t)
	for _, s := range []Source{FromShells("sleep 1000", "/nowhere/player"), FromShells("/nowhere/player", "sleep 1000")} {
		_, err := s.Open(WithRunner(t.Context(), runner(t, ffmpeg.Config{})))
		mustBe(t, err, models.ErrFFmpegSpawn, "/nowhere/player")
	}
}

func TestOfTwoCommandsOneThatFailsLeavesTheOther(t *testing.T) {
	leak.Check(t)
	streams := open(t, t.Context(), FromShells("sh -c 'exit 7'", "printf sight"))
	_, err := io.ReadAll(streams.Audio)
	mustBe(t, err, models.ErrFFmpegCrashed, "code 7")
	_, err = io.ReadAll(open(t, t.Context(), FromShells("true", "")).Audio)
	mustBe(t, err, models.ErrFile, "nothing to play", "FromShells(audio")
	if got, err := io.ReadAll(streams.Video); string(got) != "sight" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTwoCommandsPlayFromAnOffset(t *testing.T) {
	leak.Check(t)
	streams, err := FromShells("ffmpeg -i "+song, "").OpenAt(t.Context(), 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	if got, err := listen(streams.Audio); err != nil || (got-5*time.Second).Abs() > tolerance {
		t.Errorf("played %v, then %v", got, err)
	}
}

func TestTheOffsetStandsBeforeTheInput(t *testing.T) {
	for _, line := range []string{"ffmpeg -i x", "/opt/ffmpeg -f lavfi -i x -t 5 -", "ffmpeg -analyzeduration 0 -i x"} {
		c, err := shellPart{line, TrackAudio}.at(90*time.Second, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(c.Args, "-i"); i < 2 || !slices.Equal(c.Args[i-2:i], []string{"-ss", "90.000000"}) {
			t.Errorf("%s: %q", line, c.Args)
		}
	}
}

func TestWhatCannotBeSoughtInSaysWhy(t *testing.T) {
	for line, why := range map[string]string{
		"printf x":                           "only ffmpeg",
		"ffmpeg -ss 5 -i x":                  "-ss",
		"ffmpeg -i x -ss 5":                  "-ss",
		"ffmpeg -sseof -5 -i x":              "-sseof",
		"ffmpeg -i x -to 5":                  "-to",
		"ffmpeg -i x -i y":                   "2 inputs",
		"ffmpeg -filter_complex sine":        "no -i",
		"ffmpeg -i rtmp://example.com/live/": "live stream",
	} {
		r := counting(t)
		for _, s := range []*MultiShellSource{FromShells(line, ""), FromShells("ffmpeg -i x", line), FromShells(line, "ffmpeg -i x")} {
			_, err := s.OpenAt(WithRunner(t.Context(), r.Runner), time.Second)
			mustBe(t, err, models.ErrSeekUnsupported, why)
			if errors.Is(err, models.ErrInvalidParams) || strings.Contains(err.Error(), "example.com") {
				t.Errorf("%s: %v", line, err)
			}
		}
		r.expectNone()
	}
}
