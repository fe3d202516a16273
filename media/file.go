package media

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"gotgcall/models"
)

// fileSource is what FromFile returns.
type fileSource struct {
	path    string
	options EncodeOptions
}

// FromFile is a file of this machine, in any format that ffmpeg reads. The path is taken literally, whatever characters it is made of; a
// relative one is looked up when the source is opened. A named pipe works too, once. Of several options the later ones win.
//
// Opus in Ogg or WebM is sent as it is, without ffmpeg, unless the options ask for something else: see Passthrough. One that ends in the middle, or is
// damaged beyond reading on, ends with ErrFile.
//
// The source is seekable. A path that is missing, unreadable, empty, a directory or a device is ErrFile from Open; a file without sound, or
// that is no media file at all, is ErrFile from the first Read. A playlist may name other files of this machine, but nothing on the network,
// and a file may be a playlist whatever its name is: play what a stranger has sent by FromReader, from which nothing leads to other files.
// Options of HTTP requests mean nothing for a file and are ignored.
func FromFile(path string, opt ...EncodeOptions) Source {
	return &fileSource{path: path, options: mergeAll(opt)}
}

func (s *fileSource) Tracks() Track { return s.options.Complete().Tracks }

func (s *fileSource) Open(ctx context.Context) (*Streams, error) { return s.OpenAt(ctx, 0) }

func (s *fileSource) OpenAt(ctx context.Context, offset time.Duration) (*Streams, error) {
	options, err := effective(ctx, s.options)
	if err != nil {
		return nil, err
	}
	subject := fileSubject(s.path)
	if err := checkOffset(subject, offset); err != nil {
		return nil, err
	}
	if err := checkFile(subject, s.path); err != nil {
		return nil, err
	}
	if offset > 0 && fileInput(s.path).once {
		return nil, fmt.Errorf("%w: %s is a named pipe", models.ErrSeekUnsupported, subject)
	}
	streams, copies, err := s.passThrough(ctx, subject, options, max(offset, options.Start))
	if streams != nil || err != nil {
		return streams, err
	}
	c := command{input: fileInput(s.path), options: options, offset: max(offset, options.Start), copies: copies}
	if c.input.once {
		c.options.Loop = 0
	}
	return c.play(ctx, ending{subject: subject}, nil)
}

// passThrough returns the streams of a file that is sent as it is, or nil when ffmpeg is to play it; copies is as of passage.open.
func (s *fileSource) passThrough(
	ctx context.Context, subject string, options EncodeOptions, offset time.Duration,
) (streams *Streams, copies bool, err error) {
	p, err := passageOf(ctx, subject, s.options, options)
	if p == nil {
		return nil, false, err
	}
	if fileInput(s.path).once {
		return nil, false, p.impossible("it is a named pipe", nil)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, false, p.impossible("it cannot be opened", reason(err))
	}
	c := contents{at: f, near: true, head: make([]byte, lookedAt), end: sync.OnceValue(f.Close)}
	c.from = func(offset int64) (io.Reader, error) {
		_, err := f.Seek(offset, io.SeekStart)
		return f, err
	}
	n, _ := f.ReadAt(c.head, 0) // what cannot be read is missed below
	c.head = c.head[:n]
	if info, err := f.Stat(); err == nil {
		c.size = info.Size()
	}
	return p.open(ctx, c, offset)
}

// effective are the options a source is opened with: its own, those of ctx over them, completed and checked.
func effective(ctx context.Context, own EncodeOptions) (EncodeOptions, error) {
	o := own.Merge(OptionsFrom(ctx))
	if err := o.Validate(); err != nil {
		return EncodeOptions{}, err
	}
	return o.Complete(), nil
}

func checkOffset(subject string, offset time.Duration) error {
	if offset < 0 {
		return fmt.Errorf("%w: %s: offset %v is before the beginning: give 0 or more", models.ErrInvalidParams, subject, offset)
	}
	return nil
}
