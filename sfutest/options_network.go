package sfutest

import "time"

// Direction is the way a datagram goes.
type Direction uint8

// The two ways.
const (
	ToServer Direction = iota
	ToClient
)

// String returns "to server" or "to client".
func (d Direction) String() string {
	if d == ToServer {
		return "to server"
	}
	return "to client"
}

// networkConfig is what the server does to datagrams in both directions, as a bad network would.
type networkConfig struct {
	loss         float64
	delay        time.Duration
	reorder      float64
	reorderDelay time.Duration
	duplicate    float64
	drop         func(Direction, []byte) bool
}

// WithLoss loses this share of the datagrams, in both directions; default 0. [WithSeed] makes the choice repeatable. The server knows
// what it lost: it counts in the statistics and is no violation.
func WithLoss(p float64) Option {
	return probability("loss", p, func(c *config) { c.network.loss = p })
}

// WithDelay delays every datagram by d in each direction; default 0. The round-trip time grows by twice that.
func WithDelay(d time.Duration) Option {
	return notNegative("delay", d, func(c *config) { c.network.delay = d })
}

// WithReorder delays this share of the datagrams by d more, in both directions, so that later ones overtake them. Default 0.
func WithReorder(p float64, d time.Duration) Option {
	return func(c *config) error {
		if err := notNegative("reorder delay", d, func(c *config) { c.network.reorderDelay = d })(c); err != nil {
			return err
		}
		return probability("reorder", p, func(c *config) { c.network.reorder = p })(c)
	}
}

// WithDuplicate sends this share of the datagrams twice, in both directions. Default 0.
func WithDuplicate(p float64) Option {
	return probability("duplicate", p, func(c *config) { c.network.duplicate = p })
}

// WithDrop asks f about every datagram, as it is on the wire, and loses those for which it returns true: exactly the second flight of
// DTLS, or everything for ten seconds. f must not keep or change the slice, is called from several goroutines, and should not wait.
func WithDrop(f func(Direction, []byte) bool) Option {
	return func(c *config) error {
		c.network.drop = f
		return nil
	}
}
