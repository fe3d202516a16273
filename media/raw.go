package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
)

type rawKey struct{}

// WithRaw returns a context in which a file or a URL gives what an encoder takes instead of what a WebRTC call sends: the sound as WAV (16
// bits, 48 kHz, stereo), the picture as YUV4MPEG2 (4:2:0) in exactly the size of the options, with bars where its aspect is another one.
// That is for broadcasts. Raw makes the same of all other sources.
func WithRaw(ctx context.Context) context.Context {
	return context.WithValue(ctx, rawKey{}, true)
}

func isRaw(ctx context.Context) bool {
	raw, _ := ctx.Value(rawKey{}).(bool)
	return raw
}

// OptionsOf returns the options that a source was made with; those of a source that is not of this package are zero.
func OptionsOf(s Source) EncodeOptions {
	if own, ok := s.(interface{ encodeOptions() EncodeOptions }); ok {
		return own.encodeOptions()
	}
	return EncodeOptions{}
}

func (s *fileSource) encodeOptions() EncodeOptions { return s.options }
func (s *liveURL) encodeOptions() EncodeOptions    { return s.options }

// Raw turns streams into those of WithRaw. A leg that is so already stays as it is; the others, Ogg, IVF and pictures of another size, go through an
// ffmpeg that decodes them: it starts with the first Read, which tells whether that works. Raw takes the streams over: they are closed with the new ones.
func Raw(ctx context.Context, s *Streams, o EncodeOptions) *Streams {
	o = o.Complete()
	var legs []*rawLeg
	leg := func(from io.Reader, args func(format string) []string, fits func(y4mHeader string) bool) io.Reader {
		if from == nil {
			return nil
		}
		l := &rawLeg{ctx: ctx, from: from, args: args, fits: fits}
		legs = append(legs, l)
		return l
	}
	audio := leg(s.Audio, decodeSound, nil)
	video := leg(s.Video, func(format string) []string { return decodePicture(format, o) }, o.fits)
	return NewStreams(audio, video, func() error {
		err := s.Close() // first, so that nobody waits for the source
		for _, l := range legs {
			err = errors.Join(err, l.close())
		}
		return err
	})
}

// rawLeg is a leg in its raw form.
type rawLeg struct {
	// set at construction
	ctx  context.Context
	from io.Reader
	args func(format string) []string
	fits func(y4mHeader string) bool // nil for sound

	// owned by the reader
	begun  bool
	out    io.Reader
	source chan error // of a leg that is decoded: how it ended

	mu     sync.Mutex
	closed bool
	job    *job // the decoder, nil when there is none
}

// Read implements io.Reader.
func (l *rawLeg) Read(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.out = l.begin()
	}
	n, err := l.out.Read(b)
	if err == io.EOF && l.source != nil { // an error that wraps it tells of something that broke off
		if ended := <-l.source; ended != nil {
			err = ended
		}
		l.source, l.out = nil, failing{err}
	}
	return n, err
}

// failing is a reader that has nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// begin looks what the leg is and starts its decoder if it needs one. What is neither, the demuxer will refuse.
func (l *rawLeg) begin() io.Reader {
	format, from, err := demux.Sniff(l.from)
	if err != nil {
		return failing{err}
	}
	name, encoded := decoders[format]
	if format == demux.FormatY4M {
		var header string
		header, from = firstLine(from)
		encoded = l.fits != nil && !l.fits(header)
	}
	if !encoded {
		return from
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return failing{os.ErrClosed}
	}
	l.job, err = launch(l.ctx, ffmpeg.Command{Args: l.args(name), Input: true, PipeSize: rawPipe})
	if err != nil {
		return failing{err}
	}
	l.source = make(chan error, 1)
	go func() { l.source <- feed(l.job.processes[0].Input(), from) }()
	return l.job.outputs(ending{subject: fmt.Sprintf("the %s that the source gives", format)}, 1)[0]
}

// decoders are ffmpeg's names of what is decoded.
var decoders = map[demux.Format]string{demux.FormatOgg: "ogg", demux.FormatIVF: "ivf", demux.FormatY4M: "yuv4mpegpipe"}

// firstLine returns the first line of r, or what there is of it within the length that a Y4M header may have, and a reader that still gives all.
func firstLine(r io.Reader) (line string, all io.Reader) {
	const longest = 1024
	in := bufio.NewReaderSize(r, longest)
	read, _ := in.ReadSlice('\n') // an error comes again
	line = string(read)
	return line, io.MultiReader(strings.NewReader(line), in)
}

// fits tells whether the pictures behind a Y4M header have the size of the frame. Of a header that does not tell the demuxer will.
func (o EncodeOptions) fits(y4mHeader string) bool {
	var width, height int
	for _, word := range strings.Fields(y4mHeader)[1:] {
		switch word[0] {
		case 'W':
			width, _ = strconv.Atoi(word[1:])
		case 'H':
			height, _ = strconv.Atoi(word[1:])
		}
	}
	return width <= 0 || height <= 0 || width == o.VideoWidth&^1 && height == o.VideoHeight&^1
}

// close ends the decoder. It does not wait for the one who feeds it: he waits for the source, which has been closed.
func (l *rawLeg) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.job == nil {
		return nil
	}
	return l.job.close()
}

// feed gives a leg to its decoder and returns how the leg ended, nil at its natural end.
func feed(to io.WriteCloser, from io.Reader) error {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := readFrom("the source", from, buf)
		if n > 0 {
			if _, failed := to.Write(buf[:n]); failed != nil {
				return nil // the decoder has ended, and says why
			}
		}
		if err == io.EOF { //nolint:errorlint // what wraps it tells of something that broke off
			return nil
		}
		if err != nil {
			return err
		}
	}
}
