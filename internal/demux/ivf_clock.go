package demux

import "math/bits"

const (
	// maxPTS is the latest PTS, 198 years: timestamps that count from 1970 or 1900 are in it, and a time.Duration holds it.
	maxPTS = 1 << 49
	// firstInterval is the duration of a first frame that nothing is known about: 1/30 s.
	firstInterval = vp8Rate / 30
	// shortestUnit and longestUnit bound the unit of a time base that is also a frame interval: 1/120 s to 1 s.
	shortestUnit, longestUnit = vp8Rate / 120, vp8Rate
)

// ivfClock gives frames their place in time by the container's timestamps.
type ivfClock struct {
	// Set at construction.
	num, den uint64 // a timestamp counts num/den seconds; less than 1<<32, not 0

	// Owned by the reading goroutine.
	offset           int64 // between the timestamps and PTS; changes when timestamps begin again
	last             int64 // PTS of the last frame, -1 before the first
	shown            int64 // where the last frame that is shown belongs, -1 before the first
	interval, before int64 // the last interval between shown frames, and the one before it
	measured         bool  // interval was seen, not assumed
}

func newIVFClock(num, den uint32) ivfClock {
	c := ivfClock{num: uint64(num), den: uint64(den), last: -1, shown: -1, interval: firstInterval}
	if unit, ok := c.ticks(1); ok && unit >= shortestUnit && unit <= longestUnit {
		c.interval = unit
	}
	c.before = c.interval
	return c
}

// ticks converts a timestamp to ticks, rounded to the nearest. It reports false when that is more than maxPTS.
func (c *ivfClock) ticks(stamp uint64) (int64, bool) {
	hi, lo := bits.Mul64(stamp, c.num*vp8Rate) // num*vp8Rate is less than 1<<49
	lo, carry := bits.Add64(lo, c.den/2, 0)
	hi += carry
	if hi >= c.den { // the quotient has more than 64 bits
		return 0, false
	}
	ticks, _ := bits.Div64(hi, lo, c.den)
	return int64(min(ticks, maxPTS)), ticks <= maxPTS
}

// place returns where a frame with a timestamp of so many ticks begins and how long it may last. It reports false beyond maxPTS.
func (c *ivfClock) place(ticks int64, shown bool) (pts, duration int64, ok bool) {
	at := ticks + c.offset
	switch {
	case !shown && c.shown >= 0:
		at = min(at, c.shown+c.duration()) // or a wrong timestamp would push all later frames
	case c.shown < 0:
		if shown {
			c.shown = at
		}
	case at <= c.shown:
		next := c.shown + c.duration()
		c.offset += next - at
		c.shown, at = next, next
	default:
		c.step(at - c.shown)
		c.shown = at
	}
	c.last = max(at, c.last+1)
	return c.last, c.duration(), c.last <= maxPTS
}

// step takes an interval between shown frames.
func (c *ivfClock) step(interval int64) {
	c.before = interval
	if c.measured {
		c.before = c.interval
	}
	c.interval, c.measured = interval, true
}

func (c *ivfClock) duration() int64 { return min(c.before, c.interval) }

// end returns where the last frame ends, 0 before the first.
func (c *ivfClock) end() int64 {
	if c.last < 0 {
		return 0
	}
	return c.last + c.duration()
}
