package instances

import (
	"context"
	"fmt"
	"time"

	"gotgcall/models"
)

// opening is one SetStreamSources on its way: its context ends after openTimeout, with the caller's context, when a newer source comes, and
// when the call stops.
type opening struct {
	// set by who begins it
	seeks   *request // where a seek goes, or what is opened again; nil for a new source
	follows bool     // it is of the next track of a list, and nobody asked for it: what anybody asks for has precedence

	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	unlink func() bool
}

// errSuperseded is what an opening ends with when a newer one came.
var errSuperseded = fmt.Errorf("gotgcall: another source or position of this chat was asked for later and won: %w", context.Canceled)

func (p *playback) newOpening(caller context.Context) *opening {
	ctx, cancel := context.WithCancelCause(p.life)
	limit := p.env.Patience.open()
	o := &opening{ctx: ctx, cancel: cancel}
	o.timer = time.AfterFunc(limit, func() {
		cancel(fmt.Errorf("%w: nothing playable within %s; check that the address answers and the file is not a pipe nobody writes to",
			models.ErrSourceTimeout, limit))
	})
	o.unlink = context.AfterFunc(caller, func() { cancel(context.Cause(caller)) })
	return o
}

// end releases what the opening holds.
func (o *opening) end() {
	o.timer.Stop()
	o.unlink()
	o.cancel(context.Canceled)
}
