package instances

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gotgcall/internal/guard"
	"gotgcall/jsonparams"
	"gotgcall/models"
)

// connect joins and connects until that succeeds, cannot succeed, or has failed too often.
func (p *player) connect() error {
	c := p.call
	last := c.reason()
	for ; p.tries < maxTries; p.tries++ {
		err := sleep(p.ctx, p.backoff(last))
		if err == nil {
			err = p.try()
		}
		switch {
		case err == nil:
			p.note(nil)
			return nil
		case p.ctx.Err() != nil:
			return fmt.Errorf("joining chat %d: %w", c.chat, context.Cause(p.ctx))
		case hopeless(err):
			return fmt.Errorf("joining chat %d: %w", c.chat, err)
		}
		c.env.Logger.Warn("joining has failed", "chat", c.chat, "try", p.tries+1, "of", maxTries, "reason", err)
		p.note(err)
		last = err
	}
	return fmt.Errorf("%w: joining chat %d has failed %d times in a row, the last time with: %w", models.ErrConnectionFailed, c.chat, maxTries, last)
}

// reason returns why the last connection failed; nil when there was none.
func (c *GroupCall) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// hopeless tells whether no further try can help.
func hopeless(err error) bool {
	for _, final := range []error{models.ErrJoinRefused, models.ErrUnsupportedCallMode, models.ErrConnectionNotFound, models.ErrClosed} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// errGone ends a Connect whose join the server does not know any more.
var errGone = errors.New("the server does not know this join any more")

// backoff returns the wait before the next try, after the last one has failed.
func (p *player) backoff(last error) time.Duration {
	if errors.Is(last, errGone) { // it has taken a checkInterval at least
		return 0
	}
	return min(time.Duration(p.tries*p.tries)*backoffStep, maxBackoff)
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try joins and connects once.
func (p *player) try() error {
	params, err := p.params()
	if err != nil {
		return err
	}
	answer, err := p.join(params)
	if err != nil {
		return fmt.Errorf("the Signaler's Join: %w", err)
	}
	ctx, cancel := context.WithCancelCause(p.ctx)
	checked := p.check(ctx, cancel)
	err = p.call.Connect(ctx, answer)
	cancel(context.Canceled)
	<-checked
	return err
}

// params returns the join payload of an identity that no join has used.
func (p *player) params() (string, error) {
	if p.announced {
		return p.call.Rejoin()
	}
	p.announced = true
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	return p.call.identity.Payload(), nil
}

// join asks the Signaler to join. As long as it may have succeeded, there is something to leave.
func (p *player) join(params string) (answer string, err error) {
	ctx, cancel := p.ctx, context.CancelFunc(func() {})
	if p.stood {
		ctx, cancel = context.WithTimeoutCause(ctx, joinTimeout, fmt.Errorf("%w: no answer within %s", models.ErrConnectionTimeout, joinTimeout))
	}
	defer cancel()
	c := p.call
	c.mu.Lock()
	signaler, before := p.signaler, p.source
	p.source = jsonparams.SourceID(c.identity.Audio)
	c.mu.Unlock()
	answer, err = ask(ctx, c.env.Logger, "the Signaler's Join", func() (string, error) { return signaler.Join(ctx, c.chat, params) })
	if err != nil && ctx.Err() == nil {
		c.mu.Lock()
		p.source = before
		c.mu.Unlock()
	}
	return answer, err
}

// check asks the Signaler, if it can, whether the server still knows the join, as long as ctx lasts; if not it cancels with errGone. The
// returned channel is closed when it has ended.
func (p *player) check(ctx context.Context, cancel context.CancelCauseFunc) (done chan struct{}) {
	done = make(chan struct{})
	c := p.call
	c.mu.Lock()
	checker, ok := p.signaler.(models.Checker)
	source := p.source
	c.mu.Unlock()
	if !ok {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		for sleep(ctx, checkInterval) == nil {
			present, err := ask(ctx, c.env.Logger, "the Signaler's Check", func() ([]int32, error) { return checker.Check(ctx, c.chat, []int32{source}) })
			if err == nil && !slices.Contains(present, source) {
				cancel(errGone)
			}
		}
	}()
	return done
}

// leave takes back a join, if there may be one, unless the call was stopped.
func (p *player) leave() {
	ctx, cancel := context.WithTimeout(p.call.life, leaveTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return
	}
	if err := p.call.Leave(ctx); err != nil {
		p.call.env.Logger.Info("leaving has failed", "chat", p.call.chat, "reason", err)
	}
}

// Leave asks the Signaler of Play to leave the call, if it may have joined.
func (c *GroupCall) Leave(ctx context.Context) error {
	p := c.player
	if p == nil {
		return nil
	}
	c.mu.Lock()
	signaler, source := p.signaler, p.source
	p.source = 0
	c.mu.Unlock()
	if source == 0 {
		return nil
	}
	_, err := ask(ctx, c.env.Logger, "the Signaler's Leave", func() (struct{}, error) { return struct{}{}, signaler.Leave(ctx, c.chat, source) })
	if err != nil {
		c.mu.Lock()
		p.source = source
		c.mu.Unlock()
		return fmt.Errorf("leaving chat %d: %w", c.chat, err)
	}
	return nil
}

// ask calls a method of a Signaler. When ctx ends first that is left behind, for it may hang.
func ask[T any](ctx context.Context, log *slog.Logger, what string, method func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		var got result
		got.err = guard.Logged(log, what, func() (err error) {
			got.value, err = method()
			return err
		})
		results <- got
	}()
	select {
	case got := <-results:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
