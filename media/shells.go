package media

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// MultiShellSource is two commands, one for the sound and one for the picture. FromShells makes it.
type MultiShellSource struct {
	audio, video string
}

var _ SeekableSource = (*MultiShellSource)(nil)

// FromShells is a command whose stdout is the sound, Opus in Ogg, and one whose stdout is the picture, VP8 in IVF. Either may be empty; both
// empty is ErrInvalidParams from Open. Each command is read, completed and run as FromShell does it for its track; the two know nothing of
// each other, so they begin together and keep step only as far as what they play does.
//
// When one cannot be started the other one is ended and Open returns the error. When one fails later, its leg ends with that error and the
// other one goes on.
//
// It can be sought in when every command is an ffmpeg with a single input: OpenAt puts -ss before its -i. A command of another kind, one that has
// a -ss, -sseof or -to of its own, and one that reads a live stream are ErrSeekUnsupported. A -t counts from the offset.
func FromShells(audioCmd, videoCmd string) *MultiShellSource {
	return &MultiShellSource{audio: audioCmd, video: videoCmd}
}

// WithParallelSpawn returns the source itself: both commands are always started together, one right after the other and without waiting for
// either's output. It exists for programs written for a library where that has to be asked for.
func (s *MultiShellSource) WithParallelSpawn() *MultiShellSource { return s }

// Tracks is a track for each command that is not empty.
func (s *MultiShellSource) Tracks() Track {
	var t Track
	for _, p := range s.parts() {
		t |= p.track
	}
	return t
}

// Open starts the commands.
func (s *MultiShellSource) Open(ctx context.Context) (*Streams, error) { return s.OpenAt(ctx, 0) }

// OpenAt starts the commands at an offset.
func (s *MultiShellSource) OpenAt(ctx context.Context, offset time.Duration) (*Streams, error) {
	options := OptionsFrom(ctx)
	if err := options.Validate(); err != nil {
		return nil, err
	}
	parts := s.parts()
	if len(parts) == 0 {
		return nil, fmt.Errorf("%w: FromShells: both commands are empty: give one for the sound, one for the picture, or both", models.ErrInvalidParams)
	}
	if err := checkOffset("FromShells", offset); err != nil {
		return nil, err
	}
	var commands []ffmpeg.Command
	for _, p := range parts {
		c, err := p.at(offset, options)
		if err != nil {
			return nil, err
		}
		commands = append(commands, c)
	}
	j, err := launch(ctx, commands...)
	if err != nil {
		return nil, err
	}
	var audio, video io.Reader
	for i, p := range parts {
		out := newOutputs(j.processes[i], 1, ending{subject: p.subject(commands[i].Name), command: true, sought: offset > 0})[0]
		if p.track == TrackAudio {
			audio = out
		} else {
			video = out
		}
	}
	return NewStreams(audio, video, j.close), nil
}

// shellPart is the command of one track.
type shellPart struct {
	line  string
	track Track
}

// parts are the commands there are.
func (s *MultiShellSource) parts() []shellPart {
	all := []shellPart{{s.audio, TrackAudio}, {s.video, TrackVideo}}
	return slices.DeleteFunc(all, func(p shellPart) bool { return strings.TrimSpace(p.line) == "" })
}

func (p shellPart) subject(program string) string {
	return fmt.Sprintf("FromShells(%v: %q)", p.track, programName(program))
}

// at is the process that gives the track from an offset on. It is a pure function.
func (p shellPart) at(offset time.Duration, o EncodeOptions) (ffmpeg.Command, error) {
	c, err := shellCommand(p.line, p.track, o)
	if err != nil {
		return ffmpeg.Command{}, fmt.Errorf("the %v command of FromShells: %w", p.track, err)
	}
	if offset == 0 {
		return c, nil
	}
	at, problem := seekPlace(c)
	if problem != "" {
		return ffmpeg.Command{}, fmt.Errorf("%w: %s: %s", models.ErrSeekUnsupported, p.subject(c.Name), problem)
	}
	c.Args = slices.Insert(c.Args, at, "-ss", seconds(offset))
	return c, nil
}

// seekPlace returns where in the arguments of a completed command -ss belongs, or says why it cannot be sought in.
func seekPlace(c ffmpeg.Command) (at int, problem string) {
	if c.Name != "" && !isFFmpeg(c.Name) {
		return 0, "only ffmpeg can be told where to begin"
	}
	inv, err := parseFFmpeg(c.Args)
	if err != nil { // it was parsed before it was completed
		return 0, err.Error()
	}
	for _, o := range inv.allOptions() {
		if slices.Contains(ownPlace, o.name) {
			return 0, fmt.Sprintf("the command says by its own -%s what to play", o.name)
		}
	}
	inputs := slices.DeleteFunc(slices.Clone(inv.files), func(f fileArgs) bool { return !f.input })
	switch {
	case len(inputs) == 0:
		return 0, "the command has no -i"
	case len(inputs) > 1:
		return 0, fmt.Sprintf("the command has %d inputs, of which each has a time of its own", len(inputs))
	case slices.Contains(liveSchemes, schemeOf(inputs[0].target)):
		return 0, "the command plays a live stream"
	}
	return inputs[0].at, ""
}

var (
	// ownPlace are the options that say at which time of the input to begin or to end.
	ownPlace = []string{"ss", "sseof", "to"}
	// liveSchemes are those of streams without a beginning.
	liveSchemes = []string{"rtmp", "rtmps", "rtmpt", "rtsp", "rtsps", "srt", "udp", "rtp", "rist"}
)
