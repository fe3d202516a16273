package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

const (
	// classStdin is what is written to ffmpeg's stdin. It has its flags from stdinArgs.
	classStdin class = 0xff
	// maxKept is how much of a reader is kept until it is known which legs it has: more than ffmpeg looks at before it knows (5 MB).
	maxKept = 16 << 20
)

// intake gives what a pump brings to whoever plays it. What was looked at is given again, once or, while it is kept, as often as it takes.
type intake struct {
	// Set at construction.
	pump *pump

	// Owned by Open, then by the one who reads or feeds.
	head []byte // read already, and not given yet
	lost bool   // more came than could be kept

	settled atomic.Bool // nothing has to be kept any more
	broken  atomic.Pointer[error]
}

// peek returns the first n bytes, or fewer when there are no more. What ended them comes again when they have been read.
func (in *intake) peek(n int) []byte {
	for len(in.head) < n {
		data, err := in.pump.next(nil)
		if err != nil {
			return in.head
		}
		in.head = append(in.head, data...)
	}
	return in.head[:n]
}

// Read implements io.Reader, for what needs no ffmpeg.
func (in *intake) Read(b []byte) (int, error) {
	if len(in.head) == 0 {
		data, err := in.pump.next(nil)
		if err != nil {
			return 0, err
		}
		in.head = data // valid until the next one is asked for, when nothing of it is left
	}
	n := copy(b, in.head)
	in.head = in.head[n:]
	return n, nil
}

// feed is the goroutine that writes to ffmpeg's stdin. It ends with the reader, with ffmpeg, and by stop.
func (in *intake) feed(to io.WriteCloser, stop <-chan struct{}) {
	defer to.Close()
	if _, err := to.Write(in.head); err != nil {
		return
	}
	for {
		data, err := in.pump.next(stop)
		switch {
		case errors.Is(err, errPumpStopped), err == io.EOF: //nolint:errorlint // what wraps it tells of something that broke off
			return
		case err != nil:
			in.broken.Store(&err)
			return
		}
		in.keep(data)
		if _, err := to.Write(data); err != nil {
			return // ffmpeg has ended, and says why
		}
	}
}

// keep appends what was read to what may have to be read again.
func (in *intake) keep(data []byte) {
	switch {
	case in.settled.Load() || in.lost:
		in.head = nil
	case len(in.head)+len(data) > maxKept:
		in.head, in.lost = nil, true
	default:
		in.head = append(in.head, data...)
	}
}

// stdinArgs are the arguments of an ffmpeg that reads its stdin, from which nothing may lead elsewhere.
func stdinArgs(c command, format ...string) []string {
	c.input = input{class: classStdin, target: "pipe:0", once: true}
	args := append([]string{"-protocol_whitelist", "pipe"}, format...)
	return append(args, c.args()...)
}

// meal is an ffmpeg with the one who feeds it.
type meal struct {
	job     *job
	outputs []io.Reader
	stop    chan struct{}
	done    chan struct{} // closed when nobody feeds it any more
}

// serve starts an ffmpeg that reads what the pump brings.
func (in *intake) serve(ctx context.Context, c command, e ending, format []string) (*meal, error) {
	legs := c.shape.legs()
	j, err := launch(ctx, ffmpeg.Command{Args: stdinArgs(c, format...), Input: true, Outputs: legs, PipeSize: c.pipeSize()})
	if err != nil {
		return nil, err
	}
	m := &meal{job: j, stop: make(chan struct{}), done: make(chan struct{})}
	for _, o := range j.outputs(e, legs) {
		m.outputs = append(m.outputs, &fedLeg{from: o, intake: in})
	}
	go func() {
		defer close(m.done)
		in.feed(j.processes[0].Input(), m.stop)
	}()
	return m, nil
}

// end ends the ffmpeg and the one who feeds it, not the pump.
func (m *meal) end() error {
	close(m.stop)
	err := m.job.close()
	<-m.done
	return err
}

// open plays the pump's bytes by an ffmpeg. format says what they are; without it ffmpeg finds out. What can be read once can be neither
// repeated nor sought in: what precedes Start is read and dropped.
func (in *intake) open(ctx context.Context, c command, e ending, format ...string) (*Streams, error) {
	c.clock, c.raw, c.offset = clockFrom(ctx), isRaw(ctx), c.options.Start
	c.options.Loop = 0
	e.sought = c.offset > 0
	e.film = c.shape.picture != noPicture
	open := in.openFilm
	if !e.film {
		open = in.openSound
	}
	s, err := open(ctx, c, e, format)
	if err != nil {
		return nil, err
	}
	c.time(s)
	return s, nil
}

// openSound does not wait for anything.
func (in *intake) openSound(ctx context.Context, c command, e ending, format []string) (*Streams, error) {
	in.settled.Store(true)
	m, err := in.serve(ctx, c, e, format)
	if err != nil {
		return nil, err
	}
	return NewStreams(m.outputs[0], nil, func() error { return errors.Join(in.pump.end(), m.end()) }), nil
}

// openFilm waits until it is known which legs there are. As with a file, one that is not there is done without.
func (in *intake) openFilm(ctx context.Context, c command, e ending, format []string) (*Streams, error) {
	for {
		m, err := in.serve(ctx, c, e, format)
		if err != nil {
			return nil, err
		}
		a := newAttempt(m.job, m.outputs)
		if err = a.wait(); err == nil {
			in.settled.Store(true)
			s := a.streams(c.shape)
			return NewStreams(s.Audio, s.Video, func() error { return errors.Join(in.pump.end(), m.end(), s.Close()) }), nil
		}
		ended := errors.Join(m.end(), a.close())
		left, ok := c.shape.without(complaint(err), input{class: classFile})
		switch {
		case !ok:
			return nil, err
		case in.lost:
			return nil, fmt.Errorf("%w: %s: one of its tracks is missing, and too much has been read to begin again: give TrackAudio", models.ErrFile, e.subject)
		case ended != nil:
			return nil, ended
		}
		c.shape = left
	}
}

// fedLeg is a leg of an ffmpeg that is fed. Where the reader failed, that is the reason for the leg's end, whatever ffmpeg made of it.
type fedLeg struct {
	from   io.Reader
	intake *intake
}

// Read implements io.Reader.
func (l *fedLeg) Read(b []byte) (int, error) {
	n, err := l.from.Read(b)
	if err != nil {
		if broken := l.intake.broken.Load(); broken != nil {
			return n, *broken
		}
	}
	return n, err
}
