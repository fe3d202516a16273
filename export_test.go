package gotgcall

import (
	"time"

	"gotgcall/instances"
)

// WithPatience sets how long sources may give nothing, before their first frame and after it: for tests that have no hours of fake time.
func WithPatience(open, stall time.Duration) Option {
	return func(c *config) { c.patience = instances.Patience{Open: open, Stall: stall} }
}
