package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// readerSource is what FromReader returns.
type readerSource struct {
	// Set at construction.
	reader  io.Reader
	options EncodeOptions

	opened atomic.Bool
}

// FromReader is whatever a reader gives: Opus in Ogg and VP8 in IVF are played as they are, everything else that ffmpeg can play from a pipe
// goes through ffmpeg, with sound and picture as the options say. What it is, its first bytes tell, for which Open waits. An mp4 file
// whose index stands at its end is ErrFile: save it to a file, or write it with -movflags +faststart. A playlist is ErrFile as well, as it may
// lead nowhere. Of several options the later ones win; those of HTTP requests mean nothing here, nor does Loop. Where Start, End, Speed, Volume or a
// filter of the leg is given, nothing stays as it is; nor does Opus whose header asks for a gain, or that has other channels than AudioChannels says.
//
// A reader can be read once: a second Open is ErrFile. The source is not seekable. An error of the reader ends the stream as it is (errors.Is);
// io.EOF is the natural end.
//
// The reader is read by one goroutine, from Open on, a little ahead of what is played. When it is an io.Closer it is closed with the stream,
// once, and also while its Read is under way, because that is what makes most Reads return; wrap it in io.NopCloser if it shall stay open. Closing the
// stream does not wait for a Read that hangs: the goroutine is left until that Read returns, and what it returns is dropped.
func FromReader(r io.Reader, opt ...EncodeOptions) Source {
	return &readerSource{reader: r, options: mergeAll(opt)}
}

func (s *readerSource) Tracks() Track { return s.options.Complete().Tracks }

func (s *readerSource) encodeOptions() EncodeOptions { return s.options }

func (s *readerSource) Open(ctx context.Context) (*Streams, error) {
	const subject = "FromReader"
	options, err := effective(ctx, s.options)
	if err != nil {
		return nil, err
	}
	p, err := startPump(ctx, subject, s.reader, &s.opened)
	if err != nil {
		return nil, err
	}
	in := &intake{pump: p}
	asked := &passage{channels: s.options.Merge(OptionsFrom(ctx)).AudioChannels}
	streams, err := in.play(ctx, command{options: options, shape: shapeOf(options.Tracks)}, asked, ending{subject: subject})
	if err != nil {
		_ = p.end() // err is what went wrong first
		return nil, err
	}
	return streams, nil
}

// startPump begins to read a reader, unless that was done before.
func startPump(ctx context.Context, subject string, r io.Reader, opened *atomic.Bool) (*pump, error) {
	switch {
	case r == nil:
		return nil, fmt.Errorf("%w: %s: the reader is nil", models.ErrInvalidParams, subject)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case opened.Swap(true):
		return nil, fmt.Errorf("%w: %s: a reader can be read once, and it was opened before: make a new source of a new reader", models.ErrFile, subject)
	}
	return newPump(ctx, subject, r), nil
}

// play finds out what the reader gives and plays it. asked is what Opus must be like to be sent as it is.
func (in *intake) play(ctx context.Context, c command, asked *passage, e ending) (*Streams, error) {
	opening := in.peek(4)
	if len(opening) == 0 {
		if _, err := in.pump.next(nil); err != io.EOF { //nolint:errorlint // what wraps it tells of something that broke off
			return nil, err
		}
		return nil, fmt.Errorf("%w: %s: nothing to play: the reader gave nothing", models.ErrFile, e.subject)
	}
	format, _, _ := demux.Sniff(bytes.NewReader(opening)) // it has no error of its own
	switch format {
	case demux.FormatOgg:
		if c.options.Passthrough != PassthroughNever && !c.options.changes(c.options.AudioFilter) && in.isOpus(asked, c.shape.picture != noPicture) {
			return NewStreams(in, nil, in.pump.end), nil
		}
	case demux.FormatIVF:
		if head := in.peek(12); len(head) == 12 && string(head[8:]) == "VP80" && !c.options.changes(c.options.VideoFilter) {
			return NewStreams(nil, in, in.pump.end), nil
		}
		c.shape = shape{picture: film} // the format has nothing else
	}
	if c.options.Passthrough == PassthroughRequired {
		return nil, fmt.Errorf("%w: %s: it is not Opus in Ogg, or something is asked for that takes ffmpeg; to let ffmpeg play it, leave"+
			" EncodeOptions.Passthrough at PassthroughAuto", models.ErrPassthrough, e.subject)
	}
	if in.isIndexedAtItsEnd() {
		return nil, fmt.Errorf("%w: %s: the index (moov) of this mp4 or mov file stands at its end, so it cannot be played as it comes: save it"+
			" to a file and use FromFile, or write it with -movflags +faststart", models.ErrFile, e.subject)
	}
	return in.open(ctx, c, e)
}

// changes reports whether the options ask for more than to play a leg as it is.
func (o EncodeOptions) changes(filter string) bool {
	return o.Start != 0 || o.End != 0 || o.spedUp() || volume(o) != "" || filter != ""
}

// Places in a page of Ogg (RFC 3533 section 6) and in the identification header of Opus (RFC 7845 section 5.1).
const (
	oggFlags     = 5
	oggSegments  = 26
	oggHeader    = 27
	oggFirstPage = 2
	opusHeadSize = 19
)

// isOpus reports whether an Ogg stream is Opus that can be sent as it is. When a picture is wanted it must have nothing else.
func (in *intake) isOpus(asked *passage, alone bool) bool {
	head := in.peek(oggHeader)
	if len(head) < oggHeader {
		return false
	}
	body := oggHeader + int(head[oggSegments])
	head = in.peek(body + opusHeadSize)
	if len(head) < body+opusHeadSize {
		return false
	}
	next := body
	for _, n := range head[oggHeader:body] {
		next += int(n)
	}
	if opus, err := demux.ParseOpusHead(head[body:]); err != nil || asked.unlike(opus) != "" {
		return false
	}
	if !alone {
		return true
	}
	head = in.peek(next + oggFlags + 1)
	return len(head) <= next+oggFlags || head[next+oggFlags]&oggFirstPage == 0
}

// maxBoxes is how far isIndexedAtItsEnd looks.
const maxBoxes = 64 << 10

// isIndexedAtItsEnd reports whether the boxes of an mp4 or QuickTime file begin with the media, mdat: then the index, moov, comes behind.
func (in *intake) isIndexedAtItsEnd() bool {
	for at := uint64(0); at < maxBoxes; {
		head := in.peek(int(at) + 16)
		if len(head) < int(at)+16 {
			return false
		}
		size, kind := uint64(binary.BigEndian.Uint32(head[at:])), string(head[at+4:at+8])
		if size == 1 {
			size = binary.BigEndian.Uint64(head[at+8:])
		}
		switch kind {
		case "mdat":
			return true
		case "ftyp", "free", "skip", "wide", "uuid", "meta", "pdin", "styp":
		default:
			return false
		}
		if size < 8 {
			return false
		}
		at += min(size, maxBoxes)
	}
	return false
}
