package sfutest

import "time"

// WithReports sets the interval of Receiver Reports; default 1 second, 0: none.
func WithReports(interval time.Duration) Option {
	return notNegative("report interval", interval, func(c *config) { c.reports = interval })
}

// WithFeedback sets the interval of transport-wide-cc feedback; default 100 milliseconds, 0: none.
func WithFeedback(interval time.Duration) Option {
	return notNegative("feedback interval", interval, func(c *config) { c.feedback = interval })
}

// WithoutPLI keeps the server from asking for a key frame when video begins, which it does by default as though a viewer subscribed.
func WithoutPLI() Option {
	return func(c *config) error {
		c.pliOnStart = false
		return nil
	}
}

// WithoutNACK keeps the server from asking for video packets that are missing, which it does by default up to ten times for each.
func WithoutNACK() Option {
	return func(c *config) error {
		c.nack = false
		return nil
	}
}

// WithRandomPLI has the server ask for a key frame at random moments, once per mean interval on average, while video flows. Default 0:
// never. [WithSeed] makes the moments repeatable.
func WithRandomPLI(mean time.Duration) Option {
	return notNegative("mean interval of PLI", mean, func(c *config) { c.randomPLI = mean })
}

// WithPretendedLoss has the server take this share of the video packets for lost and ask for them again by NACK. Default
// 0. What the client retransmits is counted as [StreamStats.Recovered]. [WithSeed] makes the choice repeatable.
func WithPretendedLoss(p float64) Option {
	return probability("pretended loss", p, func(c *config) { c.pretendLoss = p })
}

// WithSeed sets the seed of everything that happens at random, for runs that can be repeated. It defaults to 0: each server does the
// same.
func WithSeed(seed uint64) Option {
	return func(c *config) error {
		c.seed = seed
		return nil
	}
}
