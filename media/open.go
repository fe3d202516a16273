package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// open starts what plays the source and hands out its legs. With sound alone it does not wait: what is wrong is told by the first Read. With
// a picture it returns when something came, because only then it is known which legs there are.
func (c command) open(ctx context.Context, e ending, secrets []string) (*Streams, error) {
	e.sought = c.offset > 0
	c.shape, c.clock, c.raw = shapeOf(c.options.Tracks), clockFrom(ctx), isRaw(ctx)
	if c.shape.picture == noPicture {
		j, err := launch(ctx, ffmpeg.Command{Args: c.args(), Secrets: secrets})
		if err != nil {
			return nil, err
		}
		return NewStreams(j.outputs(e, 1)[0], nil, j.close), nil
	}
	e.film = true
	runner := runnerFrom(ctx)
	c.newer = runner != nil && runner.FPSMode()
	for {
		a, err := c.try(ctx, e, secrets)
		if err != nil {
			return nil, err
		}
		if err = a.wait(); err == nil {
			return a.streams(c.shape), nil
		}
		closing := a.close()
		left, ok := c.shape.without(complaint(err), c.input)
		switch {
		case !c.newer && closing == nil && strings.Contains(complaint(err), "'vsync'"): // it has not come as far as the input
			c.newer = true
			if runner != nil {
				runner.LearnFPSMode()
			}
			continue
		case !ok:
			return nil, err
		case c.input.once:
			return nil, onlyOnce(e.subject, left)
		case closing != nil:
			return nil, closing
		}
		c.shape = left
	}
}

// try starts what plays the source in a shape: one process, or one for each leg where a process has only one pipe or the context
// asks for it.
func (c command) try(ctx context.Context, e ending, secrets []string) (*attempt, error) {
	legs := c.shape.legs()
	if legs == 1 || !separateLegs(ctx) || c.input.once {
		j, err := launch(ctx, ffmpeg.Command{Args: c.args(), Outputs: legs, Secrets: secrets, PipeSize: c.pipeSize()})
		if err == nil {
			return newAttempt(j, j.outputs(e, legs)), nil
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
	}
	sound, sight := c, c
	sound.shape.picture = noPicture
	sight.shape.audio = false
	j, err := launch(ctx, ffmpeg.Command{Args: sound.args(), Secrets: secrets}, ffmpeg.Command{Args: sight.args(), Secrets: secrets, PipeSize: c.pipeSize()})
	if err != nil {
		return nil, err
	}
	return newAttempt(j, j.outputs(e, 1)), nil
}

// pipeSize is what the pipes hold, 0 for the system's default.
func (c command) pipeSize() int {
	if c.raw {
		return rawPipe
	}
	return 0
}

// complaint is what ffmpeg said when it failed.
func complaint(err error) string {
	if exit := (*ffmpeg.ExitError)(nil); errors.As(err, &exit) {
		return exit.Stderr
	}
	return ""
}

// onlyOnce says that a source without one of its tracks cannot be tried again without it.
func onlyOnce(subject string, left shape) error {
	what, instead := "picture", "give TrackAudio"
	if !left.audio {
		what, instead = "sound", "add some, or give a file instead of a named pipe"
	}
	return fmt.Errorf("%w: %s: there is no %s in it, and a named pipe cannot be read again without: %s", models.ErrFile, subject, what, instead)
}

// attempt is a started job of which it is not known yet whether it works. Of each leg something is read ahead.
type attempt struct {
	job   *job
	legs  []*leg
	ready chan *leg // each leg, once something or its end has come
}

func newAttempt(j *job, outputs []io.Reader) *attempt {
	a := &attempt{job: j, ready: make(chan *leg, len(outputs))}
	for i, o := range outputs {
		l := &leg{from: o, process: j.processes[i*len(j.processes)/len(outputs)], looked: make(chan struct{})}
		a.legs = append(a.legs, l)
		go func() {
			l.look()
			a.ready <- l
		}()
	}
	return a
}

// wait returns nil when all processes work: when something came of each. Otherwise it returns the error with which one failed.
func (a *attempt) wait() error {
	each := len(a.legs) / len(a.job.processes)
	waiting := len(a.job.processes)
	failed := make(map[*ffmpeg.Process]int)
	working := make(map[*ffmpeg.Process]bool)
	for waiting > 0 {
		l := <-a.ready
		switch p := l.process; {
		case working[p]:
		case l.err == nil || errors.Is(l.err, io.EOF):
			working[p] = true
			waiting--
		default:
			if failed[p]++; failed[p] == each {
				return l.err
			}
		}
	}
	return nil
}

// close ends the processes and waits for those who look.
func (a *attempt) close() error {
	err := a.job.close()
	for _, l := range a.legs {
		<-l.looked
	}
	return err
}

// streams hands out the legs.
func (a *attempt) streams(s shape) *Streams {
	var audio, video io.Reader
	legs := a.legs
	if s.audio {
		audio, legs = legs[0], legs[1:]
	}
	if s.picture != noPicture {
		video = legs[0]
	}
	return NewStreams(audio, video, a.close)
}

// leg is a reader of which the beginning has been read already, or is being read.
type leg struct {
	// Set at construction.
	from    io.Reader
	process *ffmpeg.Process
	looked  chan struct{} // closed when what look found can be read

	// Owned by look, then by the reader.
	head []byte
	err  error
}

// look is the goroutine of an attempt's leg: it reads the beginning. It ends with the first bytes, or with the process.
func (l *leg) look() {
	defer close(l.looked)
	buf := make([]byte, 512)
	n, err := l.from.Read(buf)
	l.head, l.err = buf[:n], err
}

// Read implements io.Reader.
func (l *leg) Read(b []byte) (int, error) {
	<-l.looked
	if len(l.head) > 0 {
		n := copy(b, l.head)
		l.head = l.head[n:]
		return n, nil
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.from.Read(b)
}
