package instances

import (
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/internal/rtc"
	"gotgcall/models"
)

const (
	// spreadPart is how much of a frame's interval its packets are spread over: the rest is reserve for a late wake-up.
	spreadPart = 0.8
	// spreadSlot is the time between two groups of packets of one frame, and spreadGroup the least size of such a group: most frames of
	// an ordinary film leave at once, a key frame in some ten groups.
	spreadSlot  = 3 * time.Millisecond
	spreadGroup = 3
	// maxInterval bounds the time that a frame's packets are spread over when pictures come rarely.
	maxInterval = 100 * time.Millisecond
	// paddingInterval is the time between two padding packets on a silent video SSRC.
	paddingInterval = 2 * time.Second
	// videoRate is the clock rate of VP8 in RTP (RFC 7741 §4.1).
	videoRate = 90000
)

// linkOutlet sends Opus and VP8 as RTP. An error of a write is a full socket buffer or a missing route: the packet is lost, as on any
// network, and the stream goes on.
type linkOutlet struct {
	// set at construction
	link  *rtc.Link
	clock *pacer.Timeline

	spoken bool // a packet of sound was sent
	keyed  bool // a key frame was sent

	// of the picture that is being sent
	packets   [][]byte
	group     int // packets that leave together
	at        time.Time
	timestamp uint32
	stamped   bool // there is one, of this picture or of the last

	padded time.Time // when the video last sent something
}

// audio implements outlet.
func (o *linkOutlet) audio(l *leg, f demux.Frame, muted bool, _, now time.Time) {
	if muted {
		l.spurt = true
		return
	}
	_ = o.link.WriteAudio(o.clock.RTP(o.link.BaseTime(l.kind), f.PTS, l.rate), l.spurt || !o.spoken, audioLevel(f.Data), f.Data)
	l.spurt, o.spoken = false, true
	o.report(l, now)
}

// audioLevel tells silence from sound by the packet's size: an Opus packet of one or two bytes carries none (RFC 6716 §3.2.1, DTX).
func audioLevel(packet []byte) rtc.AudioLevel {
	const dtx = 2
	if len(packet) <= dtx {
		return rtc.Silence
	}
	return rtc.Voice
}

// video implements outlet. On a connection that is new, nobody can see a picture before the first key frame.
func (o *linkOutlet) video(l *leg, f demux.Frame, due, now time.Time) bool {
	if o.keyed = o.keyed || f.Key; !o.keyed {
		return false
	}
	o.packets = o.link.PacketizeVideo(f.Data)
	o.stamp(o.clock.RTP(o.link.BaseTime(models.Video), f.PTS, l.rate))
	o.at = due
	interval := min(pacer.Duration(f.Duration, l.rate), maxInterval)
	slots := max(1, int(float64(interval)*spreadPart/float64(spreadSlot)))
	o.group = max(spreadGroup, (len(o.packets)+slots-1)/slots)
	o.padded = now
	o.flush(now)
	o.report(l, now)
	return true
}

// stamp sets the timestamp of the next picture. One that takes the place of another at the same moment, or a moment earlier, follows it by a tick: with its
// timestamp it would be a part of it (RFC 7741 section 4.1). What lies further back has wrapped around, in a long pause.
func (o *linkOutlet) stamp(timestamp uint32) {
	if back := o.timestamp - timestamp; o.stamped && back < videoRate {
		timestamp = o.timestamp + 1
	}
	o.timestamp, o.stamped = timestamp, true
}

// flush implements outlet.
func (o *linkOutlet) flush(now time.Time) time.Time {
	for len(o.packets) > 0 {
		if o.at.After(now) {
			return o.at
		}
		n := min(o.group, len(o.packets))
		for i, packet := range o.packets[:n] {
			_ = o.link.WriteVideo(o.timestamp, i == len(o.packets)-1, packet)
		}
		o.packets = o.packets[n:]
		o.at = o.at.Add(spreadSlot)
	}
	return time.Time{}
}

// finish implements outlet.
func (o *linkOutlet) finish() {
	if len(o.packets) > 0 {
		o.group = len(o.packets)
		o.flush(o.at)
	}
}

// shift implements outlet.
func (o *linkOutlet) shift(d time.Duration) { o.at = o.at.Add(d) }

// report sends the leg's Sender Report when it is time.
func (o *linkOutlet) report(l *leg, now time.Time) {
	if now.Sub(l.reported) >= reportInterval {
		l.reported = reportedAt(l.reported, now)
		_ = o.link.Report(l.kind, o.clock.Wall(now), o.clock.RTPAt(o.link.BaseTime(l.kind), now, l.rate))
	}
}

// reportedAt returns the moment that a report counts from: that at which it was due, so that reports, which wait for a frame, do not become rarer;
// now for the first one and after a pause.
func reportedAt(last, now time.Time) time.Time {
	if due := last.Add(reportInterval); now.Sub(due) < reportInterval {
		return due
	}
	return now
}

// idle implements outlet: it keeps the server's binding of a declared video SSRC alive while no video is sent (docs/WIRE.md §5), be it that there is
// none or that its picture stands still.
func (o *linkOutlet) idle(now time.Time, _ bool) time.Time {
	if now.Sub(o.padded) >= paddingInterval {
		o.padded = now
		o.finish() // of a picture whose source has ended
		_ = o.link.WriteVideoPadding(o.clock.RTPAt(o.link.BaseTime(models.Video), now, videoRate))
	}
	return o.padded.Add(paddingInterval)
}
