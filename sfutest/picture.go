package sfutest

import "time"

const (
	maxVideoPayload = 1200                   // bytes, descriptor included: with all headers it fits every path of IPv6
	burstWindow     = 2 * time.Millisecond   // by the sender's clock
	longestSpread   = 100 * time.Millisecond // a frame's packets are spread over no more, however rarely frames come
	maxKeyFrames    = 4096                   // kept, the latest
	recentFrames    = 16                     // by which it is judged whether a frame was sent in time
)

// pictures checks the frames of a video, whose packets it gets in order.
type pictures struct {
	tolerances *Tolerances
	ledger     *ledger
	stalls     *stallMeter
	lossy      bool // requests may be lost on their way
	stats      VideoStats
	keys       ring[KeyFrame]

	skipped    int  // packets missing in front of padding
	unsure     bool // something may be missing in front of the first frame
	begun      bool // there was a frame
	mustBeKey  bool // the next frame begins the video
	descriptor int  // length of the descriptors
	frame      sentFrame
	wait       keyWait
	leads      []time.Duration // media time minus send time of the latest frames' first packets
	lead       time.Duration   // the last of them
	interval   time.Duration   // from the frame before to this one
}

// sentFrame is the frame that is arriving.
type sentFrame struct {
	first     Packet
	last      Packet // the one before
	pictureID int
	started   bool // its first packet is there
	whole     bool // as far as it came
	finished  bool
	key       bool
	packets   int
	bytes     int
	sent      []time.Duration // by the sender's clock, since the first one; without retransmissions
}

func newPictures(cfg *config, l *ledger, stalls *stallMeter) *pictures {
	lossy := cfg.network.loss > 0 || cfg.network.drop != nil || cfg.tolerances.Loss
	return &pictures{
		tolerances: &cfg.tolerances, ledger: l, stalls: stalls, mustBeKey: true,
		lossy: lossy, unsure: lossy || cfg.network.reorder > 0, keys: ring[KeyFrame]{limit: maxKeyFrames},
	}
}

// next takes the next packet; before is what is missing in front of it.
func (v *pictures) next(p *Packet, before gap) {
	v.skipped += before.lost + before.missing
	if p.Size == 0 {
		return // padding belongs to no frame
	}
	missing := v.skipped
	v.skipped = 0
	if p.Size > maxVideoPayload {
		v.ledger.add(ViolationPayloadSize, "the payload at sequence number %d has %d bytes, expected %d at most", p.Seq, p.Size, maxVideoPayload)
	}
	d, ok := parseVP8(p.Payload)
	v.checkDescriptor(p, &d, ok)
	if p.anew && !(v.begun && v.frame.last.Arrival.After(p.Arrival)) { // what has overtaken the packet in front of it begins nothing
		v.mustBeKey = true
	}
	if !v.begun || p.Timestamp != v.frame.first.Timestamp {
		v.finish()
		v.begin(p, &d, missing)
	} else {
		v.goOn(p, &d, missing)
	}
	v.take(p)
}

// checkDescriptor checks what holds for each packet by itself.
func (v *pictures) checkDescriptor(p *Packet, d *vp8Descriptor, ok bool) {
	switch {
	case !ok || !d.hasPayload:
		v.ledger.add(ViolationVP8Descriptor, "the payload descriptor at sequence number %d is cut: %d bytes", p.Seq, p.Size)
		return
	case d.reserved:
		v.ledger.add(ViolationVP8Descriptor, "the payload descriptor at sequence number %d has reserved bits set: % x", p.Seq, p.Payload[:d.length])
	case v.descriptor != 0 && d.length != v.descriptor:
		v.ledger.add(ViolationVP8Descriptor, "the payload descriptor at sequence number %d has %d bytes, those before have %d", p.Seq, d.length,
			v.descriptor)
	}
	v.descriptor = d.length
	if d.idBits != 15 {
		v.ledger.add(ViolationPictureID, "the picture id at sequence number %d has %d bits, expected 15", p.Seq, d.idBits)
	}
}

// begin takes the first packet that is there of a frame.
func (v *pictures) begin(p *Packet, d *vp8Descriptor, missing int) {
	certain := missing == 0 && (v.begun || !v.unsure)
	if !d.start && certain {
		v.ledger.add(ViolationVP8Descriptor, "the frame at sequence number %d does not begin with the start of partition 0", p.Seq)
	}
	sent := int64(1)
	if v.begun && d.pictureID >= 0 && v.frame.pictureID >= 0 {
		sent = v.checkStep(p, d, missing)
	}
	if v.mustBeKey && d.start && !d.key && certain {
		v.ledger.add(ViolationNoKeyFrame, "the video begins at sequence number %d with a frame that is no key frame", p.Seq)
	}
	v.mustBeKey = false
	v.stats.Frames += sent
	v.measure(p)
	v.wait.frame(v, p, d, v.interval, missing)
	v.frame = sentFrame{
		first: *p, last: *p, pictureID: d.pictureID, started: d.start, whole: d.start, key: d.key, sent: v.frame.sent[:0],
	}
	v.begun = true
}

// checkStep checks that the picture ids count the frames, and returns by how many.
func (v *pictures) checkStep(p *Packet, d *vp8Descriptor, missing int) int64 {
	step := (d.pictureID - v.frame.pictureID + pictureIDs) % pictureIDs
	if step < 1 || step > missing+1 {
		v.ledger.add(ViolationPictureID, "the picture id at sequence number %d is %d, that of the frame before was %d, and %d packets are missing between",
			p.Seq, d.pictureID, v.frame.pictureID, missing)
		return 1
	}
	return int64(step)
}

// goOn takes a further packet of the frame.
func (v *pictures) goOn(p *Packet, d *vp8Descriptor, missing int) {
	f := &v.frame
	if d.start {
		v.ledger.add(ViolationVP8Descriptor, "sequence number %d starts partition 0 once more in the middle of its frame", p.Seq)
	}
	if d.pictureID != f.pictureID {
		v.ledger.add(ViolationPictureID, "the picture id changes from %d to %d within the frame at sequence number %d", f.pictureID, d.pictureID, p.Seq)
	}
	f.whole = f.whole && missing == 0
}

// take counts a packet of the frame.
func (v *pictures) take(p *Packet) {
	f := &v.frame
	if f.finished {
		return
	}
	f.packets++
	f.bytes += p.Size
	if !p.Retransmitted && p.timed() && f.first.timed() {
		f.sent = append(f.sent, sendStep(&f.first, p))
	}
	f.last = *p
	if p.Marker {
		v.finish()
	}
}

// finish closes the frame.
func (v *pictures) finish() {
	f := &v.frame
	if !v.begun || f.finished {
		return
	}
	f.finished = true
	whole := f.whole && f.last.Marker
	if whole {
		v.stats.Complete++
	}
	spread, burst := v.checkBurst()
	v.stats.LargestBurst = max(v.stats.LargestBurst, burst)
	if !f.key || !f.started {
		return
	}
	v.stats.KeyFrames++
	v.keys.push(KeyFrame{
		Timestamp: f.first.Timestamp, Arrival: f.first.Arrival, Packets: f.packets, Bytes: f.bytes, Spread: spread, Burst: burst, Complete: whole,
	})
}
