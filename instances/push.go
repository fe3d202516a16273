package instances

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gotgcall/internal/broadcast"
	"gotgcall/media"
	"gotgcall/models"
)

// run keeps the broadcast connected until Stop, or until the server could not be reached for too long.
func (c *RTMPCall) run() {
	mixer := broadcast.NewMixer(broadcast.Config{Width: c.canvas.VideoWidth &^ 1, Height: c.canvas.VideoHeight &^ 1, FPS: c.canvas.VideoFPS})
	c.mu.Lock()
	c.mixer = mixer
	c.mu.Unlock()
	retry := newRetry(c.limits, time.Now())
	for c.life.Err() == nil {
		held, err := c.push(mixer)
		c.counted(func(s *models.PushStats) { s.LastError = err })
		retry.lost(held, time.Now())
		switch {
		case c.life.Err() != nil:
		case errors.Is(err, errAged):
			c.env.Logger.Info("the connection of the broadcast is made anew: it was as old as one may get", "chat", c.chat)
		case retry.hopeless(err, time.Now()):
			c.fail(err)
			return
		default:
			c.rest(retry.wait(err, rand.Float64()), err)
		}
	}
}

// rest waits before the next attempt.
func (c *RTMPCall) rest(wait time.Duration, reason error) {
	c.env.Logger.Warn("the broadcast has no connection; trying again", "chat", c.chat, "in", wait.Round(time.Millisecond), "reason", reason)
	select {
	case <-time.After(wait):
	case <-c.life.Done():
	}
}

// fail ends the broadcast.
func (c *RTMPCall) fail(err error) {
	c.mu.Lock()
	if c.state.dead() { // Stop was faster
		c.mu.Unlock()
		return
	}
	c.why = fmt.Errorf("%w: the RTMP server of chat %d: %w", models.ErrConnectionFailed, c.chat, err)
	why := c.why
	c.setStateLocked(stateFailed)
	c.mu.Unlock()
	c.play.fail(why)
}

// pushed is one connection of a broadcast. It belongs to the goroutine of run.
type pushed struct {
	// set at construction
	call    *RTMPCall
	mixer   *broadcast.Mixer
	process *media.Push
	out     *pushOutlet

	since time.Time // when the server took the first of it; zero before
}

// Why a connection ends that works.
var (
	errHung = fmt.Errorf("%w: the server takes nothing any more, or this machine is too slow to encode: try a smaller picture or a lower rate",
		models.ErrStalled)
	errNoReason = errors.New("it ended without a reason")
	errAged     = errors.New("the connection was as old as the timestamps of a broadcast allow, and another one was made")
)

// push is one connection. It returns how long the server took the media, and why it ended.
func (c *RTMPCall) push(mixer *broadcast.Mixer) (held time.Duration, err error) {
	// Not the call's own life: Stop says good-bye first. But it ends the wait for a process.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.life))
	defer cancel()
	started := context.AfterFunc(c.life, cancel)
	c.counted(func(s *models.PushStats) { s.Attempts++ })
	process, err := c.target.Push(media.WithRunner(ctx, c.env.Runner), c.canvas)
	started()
	if err != nil {
		return 0, err
	}
	p := &pushed{call: c, mixer: mixer, process: process, out: &pushOutlet{mixer: mixer, backlog: c.limits.backlog, hung: make(chan struct{})}}
	mixer.Begin(process.Input(), time.Now())
	c.play.connect(p.out, false)
	return p.end(p.await())
}

// await waits for the end of the connection and returns its reason, nil for Stop.
func (p *pushed) await() error {
	c := p.call
	live := p.process.Live()
	var aged <-chan time.Time
	for {
		select {
		case <-live:
			live, aged = nil, time.After(c.limits.mature)
			p.taken()
		case <-aged:
			if c.play.quiet() || time.Since(p.since) >= c.limits.oldest {
				return errAged
			}
			aged = time.After(quietInterval)
		case <-p.process.Done():
			return p.gone()
		case <-p.out.hung:
			return errHung
		case <-c.life.Done():
			return nil
		}
	}
}

// quietInterval is how often a connection that is to be made anew looks for a pause.
const quietInterval = time.Second

// taken lets the media begin: the server takes it.
func (p *pushed) taken() {
	p.since = time.Now()
	p.call.play.connect(p.out, true)
	p.call.counted(func(s *models.PushStats) { s.Connections++ })
	p.call.changed(stateConnected)
}

// gone returns why the process has ended.
func (p *pushed) gone() error {
	if err := p.process.Err(); err != nil {
		return err
	}
	return errNoReason
}

// end takes the connection down, politely when that is not the server's doing.
func (p *pushed) end(reason error) (held time.Duration, err error) {
	p.call.play.disconnect()
	if errors.Is(reason, errNoReason) {
		reason = p.broken(reason)
	}
	if p.since.IsZero() { // nobody to say good-bye to
		p.mixer.Abort()
		return 0, errors.Join(reason, p.process.Close())
	}
	held = time.Since(p.since)
	p.call.changed(stateDisconnected)
	if p.call.life.Err() != nil || errors.Is(reason, errAged) {
		return held, errors.Join(reason, p.farewell())
	}
	p.mixer.Abort()
	return held, errors.Join(reason, p.process.Close())
}

// broken returns the error with which writing has broken off, so that the process got the end of its input and was content; else the reason.
func (p *pushed) broken(reason error) error {
	p.drain()
	if err := p.mixer.Err(); err != nil {
		return err
	}
	return reason
}

// drain lets the mixer write what waits.
func (p *pushed) drain() {
	select {
	case <-p.mixer.End():
	case <-time.After(p.call.limits.farewell / 2):
		p.mixer.Abort()
	}
}

// farewell lets the server have what waits, and tells it that this was all.
func (p *pushed) farewell() error {
	p.drain()
	return p.process.Finish(p.call.limits.farewell / 2)
}
