package demux

// clock gives packets their place in time: the sum of their durations, moved forward where granule positions show that damage took something.
type clock struct {
	// Owned by the reading goroutine.
	pts     int64 // where the next packet begins
	granule int64 // position at the end of the last page, in its link's terms
	started bool  // a page with audio was seen
	damaged bool  // something was lost since the last page with a position
	gap     int64 // ticks of a missing piece that is not yet in pts
	hole    int   // how many packets of the page come before it
}

// page takes the position of a page whose packets have been split.
func (c *clock) page(page oggPage, k *packetizer) {
	c.pts, c.gap = c.pts+c.gap, 0
	if !k.ends {
		return
	}
	ticks := k.ticks()
	if page.granule < 0 || page.granule > maxGranule {
		c.granule += ticks
		c.started = c.started || len(k.list) > 0
		return
	}
	if len(k.list) == 0 && !c.started && page.granule == 0 {
		return // headers
	}
	gap := page.granule - ticks - c.granule
	switch {
	case !c.started:
		c.pts = max(0, gap)
	case c.damaged && gap > 0 && gap <= maxGap:
		c.gap, c.hole = gap, max(0, k.hole)
	}
	c.granule = page.granule
	c.started, c.damaged = true, false
}

// stamp returns when the next packet of the page begins.
func (c *clock) stamp(p packet) int64 {
	if c.hole == 0 {
		c.pts, c.gap = c.pts+c.gap, 0
	}
	c.hole--
	pts := c.pts
	c.pts += p.ticks
	return pts
}
