package instances

// succession is the search for the track that follows a stream, while that plays.
type succession struct {
	of     *stream
	next   *stream    // opened; nil until it is
	done   bool       // the search is over
	failed []trackEnd // tracks that cannot be played
}

// prepare begins the search for the track that follows a stream, unless it has begun or something else is being opened.
func (p *playback) prepare(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.succession != nil || p.opening != nil || p.next != nil || p.unusableLocked() != nil {
		return
	}
	n := &succession{of: s}
	o := p.newOpening(p.life)
	o.follows = true
	p.succession = n
	p.beginLocked(o)
	go func() {
		defer p.background.Done()
		p.search(n, o)
		p.entry.Wake()
	}()
}

// search is the goroutine of a succession: it opens the first of the following tracks that can be played.
func (p *playback) search(n *succession, o *opening) {
	r := n.of.wish().unmoved()
	id, list := n.of.request.track.ID, n.of.request.track.list
	track, tries, ok := list.after(id)
	for ; ok && tries > 0; tries-- {
		r.source, r.track = track.Source, &listed{PlaylistTrack: track, list: list}
		s, err := openStream(p.life, o.ctx, p.env, r, p.entry.Wake, p.track)
		o.end()
		if err == nil {
			if !p.installSuccessor(n, o, s) {
				s.close()
			}
			return
		}
		r.failed = append(r.failed, trackEnd{track, err})
		track, _, ok = list.after(track.ID)
		next := p.newOpening(p.life)
		next.follows = true
		if !p.renew(n, o, next) {
			next.end()
			return
		}
		o = next
	}
	o.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.succession == n && p.opening == o {
		p.opening = nil
		n.done, n.failed = true, r.failed
	}
}

// installSuccessor keeps an opened stream for the end of the one before it. It reports false when that is not wanted any more.
func (p *playback) installSuccessor(n *succession, o *opening, s *stream) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.succession != n || p.opening != o || p.unusableLocked() != nil {
		return false
	}
	p.opening = nil
	n.next, n.done = s, true
	return true
}

// renew puts an opening in the place of the one before it. It reports false when that is not wanted any more.
func (p *playback) renew(n *succession, before, next *opening) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.succession != n || p.opening != before || p.unusableLocked() != nil {
		return false
	}
	p.opening = next
	return true
}

// dropSuccession forgets what was to follow: another source plays, or the list has changed.
func (p *playback) dropSuccession() {
	p.mu.Lock()
	n := p.succession
	p.succession = nil
	if n != nil && p.opening != nil && p.opening.follows {
		p.opening.cancel(errSuperseded)
		p.opening = nil
	}
	p.mu.Unlock()
	if n != nil && n.next != nil {
		n.next.close()
	}
}

// takeSuccession returns the succession of a stream, and lets the controls see what is found, once its search is over; nil while it is not, or what was found
// may not be wanted any more, which the next Run knows.
func (p *playback) takeSuccession(s *stream) *succession {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.succession
	if n == nil || n.of != s || !n.done || p.leaves || p.outdatedLocked() {
		return nil
	}
	p.succession = nil
	if n.next != nil {
		p.showLocked(n.next)
	}
	return n
}

// takePrepared returns the stream of a track that Next, Previous or Jump asked for, when that is open already to follow the one that plays; else nil. A
// source that can be opened only once could not be played otherwise.
func (p *playback) takePrepared(o *opening, r request) *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.succession
	switch {
	case r.skipped == nil || n == nil || n.next == nil || n.of.request.track != r.skipped || n.next.request.track.ID != r.track.ID:
		return nil
	case p.opening != o || p.unusableLocked() != nil || p.outdatedLocked():
		return nil
	}
	p.succession = nil
	n.next.request.skipped, n.next.request.failed = r.skipped, r.failed
	return n.next
}

// outdatedLocked tells whether the next Run drops what is to follow.
func (p *playback) outdatedLocked() bool { return p.stale || p.changed && !p.stillFollowsLocked() }

// stillFollows tells whether what is to follow a stream is what its list says now.
func (p *playback) stillFollows() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stillFollowsLocked()
}

func (p *playback) stillFollowsLocked() bool {
	n := p.succession
	if n == nil || !n.done {
		return n == nil
	}
	next, _, ok := n.of.request.track.list.after(n.of.request.track.ID)
	if n.next == nil {
		return !ok
	}
	return ok && len(n.next.request.failed) == 0 && next.ID == n.next.request.track.ID
}
