package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// passThrough returns the streams of a URL of http or https that is sent as it is, or nil when ffmpeg is to play it; copies is as of
// passage.open. The file is asked for once: what is looked at is the beginning of what is played. What ffmpeg has to know of the server is noted in the input.
func (s *liveURL) passThrough(
	ctx context.Context, e ending, in *input, options EncodeOptions, secrets []string, offset time.Duration,
) (streams *Streams, copies bool, err error) {
	p, err := passageOf(ctx, e.subject, s.options, options)
	if p == nil {
		return nil, false, err
	}
	if in.class != classHTTP {
		return nil, false, p.impossible("it is a live stream", nil)
	}
	f := newHTTPFile(ctx, e.subject, in.target, options, slices.Concat(secrets, options.requestSecrets()))
	body, err := f.ask(offset > 0)
	if err != nil {
		in.whole = errors.Is(err, errUnsized)
		return nil, false, errors.Join(p.refused(ctx, err), f.end())
	}
	head, err := lookAt(body, f.size, offset > 0)
	if err != nil {
		return nil, false, errors.Join(p.refused(ctx, err), f.end())
	}
	return p.open(ctx, f.contents(head, body, offset > 0), offset)
}

// refused says what a file that does not come means: nil when ffmpeg is to try. What the policy refuses nobody may open, and for a server that does not
// answer there is no time to wait twice.
func (p *passage) refused(ctx context.Context, err error) error {
	var refused *refusedError
	timeout := net.Error(nil)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, errSilent), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %s: the server does not answer", models.ErrFile, p.subject)
	case p.options.Passthrough == PassthroughRequired && !errors.Is(err, errUnfit):
		return fmt.Errorf("%w: %s: %w", models.ErrFile, p.subject, err)
	}
	return p.impossible("the server does not give it as a file of a known length", err)
}

// lookAt reads the beginning of a file of so many bytes: all that is looked at, or until it is known what it is.
func lookAt(body io.Reader, size int64, all bool) ([]byte, error) {
	head := make([]byte, 0, lookedAt)
	for {
		if len(head) == cap(head) {
			return head, nil
		}
		if !all && !undecided(head, size) {
			return head, nil
		}
		n, err := body.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
		if err == io.EOF {
			return head, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// undecided tells whether more of a file would tell what it is.
func undecided(head []byte, size int64) bool {
	if _, _, err := demux.Inspect(head); errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	_, err := demux.InspectMP4(bytes.NewReader(head), size)
	return errors.Is(err, io.EOF)
}
