package media

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// shellSource is what FromShell returns.
type shellSource struct {
	command string
	track   Track
}

// FromShell is a command whose stdout is one track: TrackAudio for Opus in Ogg, TrackVideo for VP8 in IVF.
//
// No shell runs. The command is split into words as a POSIX shell does it, with single quotes, double quotes, backslashes and line
// continuations, and that is all: $, ` and * mean nothing, and |, > and ; as words of their own are refused. A command that needs a shell
// says so: sh -c '…'. Line feeds outside of quotes separate words like blanks. In a Windows path write slashes, or put it in single quotes.
//
// When the first word is ffmpeg, with or without a path, a partial command is enough. What is missing is filled in: -analyzeduration 0
// -probesize 64k before the first -i (not for playlists, transport streams and live streams: their sound may come later than that); after it
// -c:a libopus with bit rate, 48 kHz and channels of the EncodeOptions, -frame_duration 20 -page_duration 20000 -flush_packets 1, -f ogg
// and pipe:1; for TrackVideo libvpx in real time and -f ivf. What is given stays as it is, but for output that a call cannot read: other
// codecs, other formats, raw PCM, more than two channels, and output to a file only, are ErrInvalidParams. -re is neither needed nor useful:
// the call paces. Plain ffmpeg is the Client's ffmpeg.
//
// Any other program runs as it is. Its process sees the same few environment variables as ffmpeg, and those of the desktop (display,
// sound server). It is killed, with all it started, when the call does not need it any more.
//
// Of the EncodeOptions only those of the encoder mean something: bit rates, AudioChannels, and VideoWidth, VideoHeight and VideoFPS. Start, End,
// Loop, Speed, Volume, the filters and what belongs to HTTP requests are ignored: the command says these by itself, as with -ss, -t, -af
// and -headers.
//
// Open returns ErrInvalidParams for a command that cannot be used; a command that fails is ErrFFmpegCrashed from the first Read, one that
// ends without any output is ErrFile. The source is not seekable.
func FromShell(cmd string, track Track) Source {
	return &shellSource{command: cmd, track: track}
}

func (s *shellSource) Tracks() Track { return s.track }

func (s *shellSource) Open(ctx context.Context) (*Streams, error) {
	options := OptionsFrom(ctx)
	if err := options.Validate(); err != nil {
		return nil, err
	}
	if s.track != TrackAudio && s.track != TrackVideo {
		return nil, fmt.Errorf("%w: FromShell: the track is %v: stdout carries one track, give TrackAudio or TrackVideo",
			models.ErrInvalidParams, s.track)
	}
	c, err := shellCommand(s.command, s.track, options)
	if err != nil {
		return nil, err
	}
	j, err := launch(ctx, c)
	if err != nil {
		return nil, err
	}
	out := j.outputs(ending{subject: fmt.Sprintf("FromShell(%q)", programName(c.Name)), command: true}, 1)[0]
	if s.track == TrackVideo {
		return NewStreams(nil, out, j.close), nil
	}
	return NewStreams(out, nil, j.close), nil
}

// shellCommand is the process a command line stands for. It is a pure function.
func shellCommand(line string, track Track, o EncodeOptions) (ffmpeg.Command, error) {
	words, err := split(line)
	if err != nil {
		return ffmpeg.Command{}, shellError(err.Error())
	}
	if len(words) == 0 {
		return ffmpeg.Command{}, shellError("the command is empty")
	}
	name, args := words[0], words[1:]
	if name == "" {
		return ffmpeg.Command{}, shellError("the first word is empty: begin with the name of a program")
	}
	if isFFmpeg(name) {
		if args, err = completeFFmpeg(args, track, o.Complete()); err != nil {
			return ffmpeg.Command{}, shellError(err.Error())
		}
		if !strings.ContainsAny(name, `/\`) {
			name = ""
		}
	}
	return ffmpeg.Command{Name: name, Args: args, Inherit: true}, nil
}

// programName shows which command an error is about, without its arguments, which may be secret.
func programName(name string) string {
	if name == "" {
		return "ffmpeg …"
	}
	return filepath.Base(name) + " …"
}

func shellError(what string) error {
	return fmt.Errorf("%w: FromShell: %s", models.ErrInvalidParams, what)
}

// isFFmpeg reports whether a program is ffmpeg by its name.
func isFFmpeg(name string) bool {
	base := filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	return base == "ffmpeg" || strings.EqualFold(base, "ffmpeg.exe")
}
