package instances

import (
	"time"

	"gotgcall/internal/guard"
)

// Run implements pacer.Task: it sends what is due. A panic in that would end all calls of the program: it ends what plays here.
func (p *playback) Run(now time.Time) (next time.Time) {
	err := guard.Call("playing", func() error {
		next = p.send(now)
		return nil
	})
	if err != nil {
		return p.stumble(err, now)
	}
	p.stumbled = false
	return next
}

// stumble ends what plays with a panic. It returns when to run for that; the zero time when not even that can be done, or there is nothing to end.
func (p *playback) stumble(err error, now time.Time) (next time.Time) {
	p.background.Go(func() { guard.Log(p.env.Logger, err) })
	if p.stumbled || p.current == nil {
		return time.Time{}
	}
	p.stumbled = true
	p.current.broken.Store(&err)
	return now
}
