package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// MediaInfo is what can be known of a source without playing it.
type MediaInfo struct { //nolint:revive // it is named so in the package at the root, where Info would mean nothing
	// Duration is how long the media last, 0 when that is not known. Start, End, Loop and Speed of the options do not change it.
	Duration time.Duration
	// Live is true for what is made while it is played: it has no end that is known, and cannot be sought in. A URL whose server does not tell how long
	// it is counts as live.
	Live bool
	// Container is the format as ffmpeg calls it, such as "mp3" or "mov,mp4,m4a,3gp,3g2,mj2"; "" when it is not known.
	Container string
	// Title and Artist are the tags, "" when there are none.
	Title, Artist string
	// Streams are the sound and picture streams, in the order of the container.
	Streams []StreamInfo
}

// StreamInfo is a stream of sound or pictures. What is not known is zero.
type StreamInfo struct {
	// Kind is TrackAudio or TrackVideo.
	Kind Track
	// Codec is the codec as ffmpeg calls it, such as "opus" or "h264".
	Codec string
	// SampleRate is that of sound, in Hz.
	SampleRate int
	// Channels is the number of channels of sound.
	Channels int
	// Width and Height are those of a picture as it is stored, in pixels.
	Width, Height int
	// FPS is the number of pictures per second.
	FPS float64
	// Cover is true for an attached picture.
	Cover bool
}

// Has reports whether there is a stream of that kind.
func (m MediaInfo) Has(kind Track) bool {
	for _, s := range m.Streams {
		if s.Kind&kind != 0 {
			return true
		}
	}
	return false
}

// Prober is a Source that says itself what it is.
type Prober interface {
	Probe(ctx context.Context) (MediaInfo, error)
}

// probeTimeout is how long a Probe may take.
const probeTimeout = 15 * time.Second

// Probe finds out what a source is, without playing it: by ffmpeg for FromFile and FromURL, by asking it for a Prober. It takes 15 seconds at
// most, then it is ErrSourceTimeout, and ends with ctx. What cannot be played has the same errors as when it is played. A source of any other
// kind, and a named pipe, is ErrInvalidParams: to look at it is to use it up.
func Probe(ctx context.Context, src Source) (MediaInfo, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("%w: Probe: nothing was found out within %v", models.ErrSourceTimeout, probeTimeout))
	defer cancel()
	if ctx.Err() != nil {
		return MediaInfo{}, context.Cause(ctx)
	}
	switch s := src.(type) {
	case nil:
		return MediaInfo{}, fmt.Errorf("%w: Probe: the source is nil", models.ErrInvalidParams)
	case *fileSource:
		return s.probe(ctx)
	case *liveURL:
		return s.probe(ctx)
	case *seekableURL:
		return s.probe(ctx)
	case Prober:
		return s.Probe(ctx)
	}
	return MediaInfo{}, fmt.Errorf("%w: Probe: a source of type %T can only be played: give one of FromFile or FromURL, or one with a method Probe",
		models.ErrInvalidParams, src)
}

func (s *fileSource) probe(ctx context.Context) (MediaInfo, error) {
	subject := fileSubject(s.path)
	if err := checkFile(subject, s.path); err != nil {
		return MediaInfo{}, err
	}
	if info, err := os.Stat(s.path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return MediaInfo{}, fmt.Errorf("%w: Probe: %s is a named pipe, which can be read only once: play it", models.ErrInvalidParams, subject)
	}
	return fileInput(s.path).probe(ctx, ending{subject: subject}, nil)
}

func (s *liveURL) probe(ctx context.Context) (MediaInfo, error) {
	options, err := effective(ctx, s.options)
	if err != nil {
		return MediaInfo{}, err
	}
	in, secrets, err := checkURL(s.url)
	if err != nil {
		return MediaInfo{}, err
	}
	subject := urlSubject(s.url, secrets)
	if err := askPolicy(urlPolicyFrom(ctx), subject, in.target, secrets); err != nil {
		return MediaInfo{}, err
	}
	if in.tls {
		in.caFile = findCAFile()
	}
	if in.class == classHTTP {
		in.request = options.requestFlags()
		secrets = append(secrets, options.requestSecrets()...)
	}
	return in.probe(ctx, ending{subject: subject, remote: true}, secrets)
}

// probe runs an ffmpeg that has an input and nothing to do with it: it says what the input is and complains.
func (in input) probe(ctx context.Context, e ending, secrets []string) (MediaInfo, error) {
	j, err := launch(ctx, ffmpeg.Command{Args: in.probeArgs(), Secrets: secrets})
	if err != nil {
		return MediaInfo{}, err
	}
	p := j.processes[0]
	select {
	case <-p.Done():
	case <-ctx.Done():
		_ = j.close() // why it ends is known
		return MediaInfo{}, fmt.Errorf("%s: %w", e.subject, context.Cause(ctx))
	}
	text, ended := p.Stderr(), p.Err()
	if err := j.close(); err != nil {
		return MediaInfo{}, err
	}
	if ctx.Err() != nil {
		return MediaInfo{}, fmt.Errorf("%s: %w", e.subject, context.Cause(ctx))
	}
	exit := (*ffmpeg.ExitError)(nil)
	if crashed := errors.As(ended, &exit) && exit.Signal != ""; !crashed {
		if info, ok := parseInfo(text); ok {
			info.Live = info.Live && e.remote && !strings.HasSuffix(info.Container, "_pipe") // a picture
			return info, nil
		}
	}
	if exit != nil {
		return MediaInfo{}, e.failed(false, exit, ended)
	}
	return MediaInfo{}, fmt.Errorf("%w: %s: ffmpeg does not say what it is%s", models.ErrFile, e.subject, lastWords(text))
}

// probeArgs open the input as it is opened to be played.
func (in input) probeArgs() []string {
	args := append([]string{"-nostdin", "-hide_banner", "-loglevel", "info"}, in.flags()...)
	return append(args, "-i", in.target)
}
