package media

import (
	"context"
	"errors"
	"net"
	"time"
)

// run is one ffmpeg, from its start to its end. begun says that there was a broadcast.
func (f *FFmpeg) run(ctx context.Context, run int) (begun bool, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() { ended <- runProcess(ctx, f.config.Dir, f.path, f.args(run)) }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	w := watch{start: time.Now(), limit: f.silent}
	w.last, w.knocked = w.start, w.start
	for {
		select {
		case err = <-ended:
			w.begun = f.read(run) || w.begun // its last segment
			f.turn(false)
			if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
				err = cause
			}
			return w.begun, err
		case now := <-tick.C:
			if f.look(run, &w, now) {
				stop(errStalled)
			}
			f.expire(now)
		}
	}
}

// watch is what is known of a run.
type watch struct {
	start, knocked time.Time
	last           time.Time // when something came, or nobody was there yet
	begun          bool
	limit          time.Duration // for how long nothing may come
}

// look takes what is new, and says whether nothing has come for too long.
func (f *FFmpeg) look(run int, w *watch, now time.Time) (dead bool) {
	if now.Sub(w.start) > atOnce {
		f.setFailed(nil)
	}
	switch {
	case f.read(run):
		if w.last = now; !w.begun {
			w.begun, w.limit = true, f.stalled
			f.config.Log.Info("a broadcast has begun", "run", run)
		}
	case !w.begun && now.Sub(w.knocked) > knock:
		if w.knocked = now; f.listens() {
			w.last = now
		}
	}
	return now.Sub(w.last) > w.limit
}

// listens says whether ffmpeg waits for a publisher: then nobody else can listen there.
func (f *FFmpeg) listens() bool {
	l, err := net.Listen("tcp", f.config.Addr)
	if err == nil {
		l.Close()
	}
	return err != nil
}

var errStalled = errors.New("the publisher sent nothing any more")
