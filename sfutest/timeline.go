package sfutest

import (
	"slices"
	"time"

	"gotgcall/jsonparams"
)

const (
	pacingWindow   = 512 // packets that a burst is looked for in
	reportWindow   = 16  // packets that a Sender Report is compared with
	markersInARow  = 3   // audio packets, each of which follows on the one before
	absSendTimeLen = 24  // bits
	absSendRate    = 1 << 18
)

// timeline checks a stream's packets, in order, against each other and against the wall clock.
type timeline struct {
	media      Media
	rate       int64
	tolerances *Tolerances
	ledger     *ledger
	stalls     *stallMeter
	opaque     bool // payloads are not readable

	started   bool
	base      Packet        // the first one; leads are relative to it
	baseSlack time.Duration // how late it may have been
	prev      Packet
	ends      uint32 // timestamp behind prev; audio only
	step      uint32 // from the timestamp before to that of prev
	markers   int    // in a row
	drifted   bool
	paced     int64    // packets
	recent    []leadAt // the latest few
	lows      []leadAt // those in the window that have a lower lead than all after them
	begins    []leadAt // the latest few that begin a frame
	leads     leads
	skipped   gap // in front of padding
}

// leadAt is how far a packet's timestamp was ahead of the wall clock.
type leadAt struct {
	lead    time.Duration
	arrival time.Time
	stamp   uint32
	n       int64
}

// next takes the next packet; before is what is missing in front of it.
func (t *timeline) next(p *Packet, before gap) {
	before.lost, before.missing = before.lost+t.skipped.lost, before.missing+t.skipped.missing
	if t.skipped = before; p.Size == 0 {
		return // padding keeps the server's binding alive and belongs to no frame
	}
	t.skipped = gap{}
	span, follows := t.span(p), t.follows(p)
	switch {
	case !t.started:
		t.started, t.base, t.baseSlack = true, *p, t.stalls.excuse(p.read, p.read)
	case t.media == MediaAudio:
		t.audio(p, before)
	default:
		t.video(p, before)
	}
	t.countMarkers(p, follows)
	if !p.Retransmitted { // those are late by nature
		t.pace(p)
		t.sendTime(p)
	}
	t.step, t.prev, t.ends = p.Timestamp-t.prev.Timestamp, *p, p.Timestamp+span
}

// span returns the duration of an audio packet in ticks, 0 when it is not known.
func (t *timeline) span(p *Packet) uint32 {
	if t.media != MediaAudio || t.opaque {
		return 0
	}
	n := opusTicks(p.Payload)
	if n == 0 {
		t.ledger.add(ViolationMalformed, "audio: sequence number %d is not an Opus packet: %d bytes", p.Seq, p.Size)
	}
	return uint32(n) // at most 5760
}

// audio checks that a timestamp is the one after the previous packet's end, or behind a marker or a loss that it fits the wall clock.
func (t *timeline) audio(p *Packet, before gap) {
	step := mediaTimeOf(&t.prev, p, t.rate) - int64(t.ends-t.prev.Timestamp)
	if t.opaque {
		step = 0 // what cannot be known is taken for right
	}
	switch {
	case step == 0 && p.Marker:
		t.fitsWall(p)
	case step == 0:
	case !p.Marker && before == gap{}:
		t.ledger.add(ViolationTimestamp, "audio: the timestamp at sequence number %d is %d ticks from the end of the packet before, without a marker",
			p.Seq, step)
	case step < 0:
		t.ledger.add(ViolationTimestamp, "audio: the timestamp at sequence number %d goes back by %d ticks", p.Seq, -step)
	default:
		t.fitsWall(p)
	}
}

// video checks that a frame's packets share one timestamp, that only its last one has the marker, and that the next frame is later.
func (t *timeline) video(p *Packet, before gap) {
	step := mediaTimeOf(&t.prev, p, t.rate)
	complete := before == gap{}
	switch {
	case step < 0:
		t.ledger.add(ViolationTimestamp, "video: the timestamp at sequence number %d goes back by %d ticks", p.Seq, -step)
	case step == 0 && t.prev.Marker && complete:
		t.ledger.add(ViolationTimestamp, "video: the frame goes on at sequence number %d behind its marker", p.Seq)
	case step > 0 && !t.prev.Marker && complete:
		t.ledger.add(ViolationTimestamp, "video: a frame begins at sequence number %d, but the one before has no marker", p.Seq)
	case step > 0 && !p.Retransmitted:
		t.fitsWall(p)
	}
}

// fitsWall checks that the timestamp went on with the wall clock since the previous packet.
func (t *timeline) fitsWall(p *Packet) {
	media := duration(mediaTimeOf(&t.prev, p, t.rate), t.rate)
	wall := p.read.Sub(t.prev.read)
	limit := t.tolerances.Timestamp
	if off := media - wall; off.Abs() > limit && t.lead(p).Abs() > limit && !t.excused(off.Abs()-limit, t.prev.read, p.read) {
		t.ledger.add(ViolationTimestamp, "%s: the timestamp at sequence number %d advances by %v while the wall clock does by %v",
			t.media, p.Seq, media.Round(time.Millisecond), wall.Round(time.Millisecond))
	}
}

// follows tells whether an audio packet begins where the one before ends. Where payloads are not readable, it is one that is as far from the one before as
// that from the one before it.
func (t *timeline) follows(p *Packet) bool {
	if t.opaque {
		return t.started && p.Timestamp-t.prev.Timestamp == t.step
	}
	return t.started && p.Timestamp == t.ends
}

// countMarkers looks for markers on packets that do not begin a talk spurt. A pause, however short, moves the timestamps: the packet behind it is right to
// have a marker.
func (t *timeline) countMarkers(p *Packet, follows bool) {
	switch {
	case t.media != MediaAudio:
	case !p.Marker:
		t.markers = 0
	case !follows:
		t.markers = 1
	default:
		if t.markers++; t.markers >= markersInARow {
			t.ledger.add(ViolationAudioMarker, "sequence number %d is the packet number %d in a row with a marker, and follows on the one before", p.Seq, t.markers)
		}
	}
}

// lead returns how much later a packet's timestamp is than the wall clock, both since the first packet.
func (t *timeline) lead(p *Packet) time.Duration {
	wall := ticks(p.read.Sub(t.base.read), t.rate)
	return duration(mediaTime(t.base.Timestamp, p.Timestamp, wall)-wall, t.rate)
}

// pace looks for bursts and for drift.
func (t *timeline) pace(p *Packet) {
	lead := t.lead(p)
	if t.paced == 0 || p.Timestamp != t.prev.Timestamp {
		t.noteLead(p, lead)
	}
	if off := lead.Abs() - t.tolerances.Drift - t.baseSlack; off <= 0 {
		t.drifted = false
	} else if !t.drifted && !t.excused(off, p.read, p.read) {
		t.drifted = true // once per excursion
		t.ledger.add(ViolationDrift, "%s: at sequence number %d media time is %v from the wall clock", t.media, p.Seq,
			lead.Round(time.Millisecond))
	}
	low := t.remember(leadAt{lead, p.read, p.Timestamp, t.paced})
	t.paced++
	if off := lead - low.lead - t.tolerances.Burst; off > 0 && !t.excused(off, low.arrival, p.read) {
		t.ledger.add(ViolationPacing, "%s: the %d packets up to sequence number %d carry %v more than the %v in which they came", t.media,
			t.paced-low.n, p.Seq, (lead - low.lead).Round(time.Millisecond), p.read.Sub(low.arrival).Round(time.Millisecond))
		t.lows = append(t.lows[:0], t.recent[len(t.recent)-1])
	}
}

// noteLead takes note of a packet that begins a frame.
func (t *timeline) noteLead(p *Packet, lead time.Duration) {
	if len(t.begins) == reportWindow {
		t.begins = slices.Delete(t.begins, 0, 1)
	}
	t.begins = append(t.begins, leadAt{lead: lead, arrival: p.read, stamp: p.Timestamp})
	t.leads.add(lead, p.read.Sub(t.base.read))
}

// remember keeps a packet for others to be compared with, and returns the one with the lowest lead in the window.
func (t *timeline) remember(l leadAt) leadAt {
	if len(t.recent) == reportWindow {
		t.recent = slices.Delete(t.recent, 0, 1)
	}
	t.recent = append(t.recent, l)
	for len(t.lows) > 0 && t.lows[len(t.lows)-1].lead >= l.lead {
		t.lows = t.lows[:len(t.lows)-1] // it will never be the lowest again
	}
	t.lows = append(t.lows, l)
	if t.lows[0].n <= l.n-pacingWindow {
		t.lows = t.lows[1:]
	}
	return t.lows[0]
}

// excused tells whether stalls of this process around a time explain an excess.
func (t *timeline) excused(excess time.Duration, from, to time.Time) bool {
	return t.stalls.excuse(from, to) >= excess
}

// sendTime checks that abs-send-time advances with the wall clock.
func (t *timeline) sendTime(p *Packet) {
	const id = jsonparams.ExtAbsSendTime
	if !p.Extensions.Has(id) || !t.base.Extensions.Has(id) {
		return
	}
	d := sendStep(&t.base, p) - p.read.Sub(t.base.read)
	if off := d.Abs() - t.tolerances.Clock - t.baseSlack; off > 0 && !t.excused(off, p.read, p.read) {
		t.ledger.add(ViolationAbsSendTime, "%s: at sequence number %d abs-send-time is %v from the wall clock since the first packet", t.media,
			p.Seq, d.Round(time.Millisecond))
	}
}

// report checks that a Sender Report gives the latest packets send times close to their arrival.
func (t *timeline) report(r *SenderReport) {
	best, found := time.Duration(0), false
	for _, p := range t.recent {
		sent := r.NTP.Add(-duration(mediaTime(p.stamp, r.Timestamp, ticks(r.Arrival.Sub(p.arrival), t.rate)), t.rate))
		if off := p.arrival.Sub(sent); !found || off.Abs() < best.Abs() {
			best, found = off, true
		}
	}
	if off := best.Abs() - t.tolerances.Clock; off > 0 && !t.excused(off, r.Arrival, r.Arrival) {
		t.ledger.add(ViolationSenderReport, "%s: NTP time %s for timestamp %d makes the packets arrive %v after they were sent", t.media,
			r.NTP.UTC().Format(time.RFC3339Nano), r.Timestamp, best.Round(time.Millisecond))
	}
}
