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
	// maxVideoLate is how far the picture may lag behind the sound. What is later is dropped, up to the next key frame.
	maxVideoLate = 200 * time.Millisecond
	// warnInterval is the time between two warnings about a picture that is dropped.
	warnInterval = 10 * time.Second
	// maxInterval bounds the time that a frame's packets are spread over when pictures come rarely.
	maxInterval = 100 * time.Millisecond
)

// videoSender is what a video leg keeps between two wake-ups.
type videoSender struct {
	packets   [][]byte // of the frame that is being sent
	group     int      // packets that leave together
	at        time.Time
	timestamp uint32
	skipping  bool // frames are dropped up to the next key frame
	dropped   int  // since skipping began
	warned    time.Time
}

// load takes a frame to be sent from due on.
func (v *videoSender) load(link *rtc.Link, f demux.Frame, timestamp uint32, due time.Time, rate int) {
	v.packets = link.PacketizeVideo(f.Data)
	v.timestamp, v.at = timestamp, due
	interval := min(pacer.Duration(f.Duration, rate), maxInterval)
	slots := max(1, int(float64(interval)*spreadPart/float64(spreadSlot)))
	v.group = max(spreadGroup, (len(v.packets)+slots-1)/slots)
}

// flush sends the packets that are due. It returns when the next ones are, the zero time when the frame is out.
func (v *videoSender) flush(link *rtc.Link, now time.Time) time.Time {
	for len(v.packets) > 0 {
		if v.at.After(now) {
			return v.at
		}
		n := min(v.group, len(v.packets))
		for i, packet := range v.packets[:n] {
			_ = link.WriteVideo(v.timestamp, i == len(v.packets)-1, packet) // lost like any packet that the network loses
		}
		v.packets = v.packets[n:]
		v.at = v.at.Add(spreadSlot)
	}
	return time.Time{}
}

// finish sends what is left of the frame at once.
func (v *videoSender) finish(link *rtc.Link) {
	if len(v.packets) > 0 {
		v.group = len(v.packets)
		v.flush(link, v.at)
	}
}

// drop decides whether a frame that is late by the given time is left out. A decoder needs every frame since the last key frame: so what
// follows a dropped one is dropped as well, up to a key frame that is in time.
func (v *videoSender) drop(f demux.Frame, late time.Duration) bool {
	if late > maxVideoLate || (v.skipping && !f.Key) {
		v.skipping = true
		v.dropped++
		return true
	}
	return false
}

// resumed returns how many frames were dropped before this one, which is sent; 0 when none were.
func (v *videoSender) resumed() int {
	n := v.dropped
	v.skipping, v.dropped = false, 0
	return n
}

// playVideo sends the packets of the video leg that are due. While the sound plays it sets the time: a picture that is late is dropped.
func (p *playback) playVideo(link *rtc.Link, l *leg, now time.Time) time.Time {
	for {
		if next := l.video.flush(link, now); !next.IsZero() {
			return next
		}
		f, ok, ended, err := l.queue.peek()
		if !ok {
			return p.idleLeg(l, ended, err, now)
		}
		due := p.clock.Due(f.PTS, l.rate)
		if due.After(now) {
			return due
		}
		late := now.Sub(due)
		if !p.current.sounding() && (l.starved || late > maxLate) {
			p.gap(late)
			due, late = now, 0
		}
		l.starved = false
		p.advance(l, f)
		l.queue.pop()
		if l.video.drop(f, late) {
			p.warnDropped(l, late, now)
			continue
		}
		if n := l.video.resumed(); n > 0 {
			p.log("the picture goes on", "dropped_frames", n)
		}
		l.video.load(link, f, p.clock.RTP(link.BaseTime(models.Video), f.PTS, l.rate), due, l.rate)
		next := l.video.flush(link, now)
		p.report(link, l, now)
		if !next.IsZero() {
			return next
		}
	}
}

// warnDropped says that the picture is being dropped, when that begins and every few seconds as long as it lasts.
func (p *playback) warnDropped(l *leg, late time.Duration, now time.Time) {
	if now.Sub(l.video.warned) >= warnInterval {
		l.video.warned = now
		p.log("the picture is late and dropped up to the next key frame in time: its source or encoder is too slow",
			"late", late.Round(time.Millisecond), "dropped_frames", l.video.dropped)
	}
}

// log writes a warning from a goroutine of its own: the scheduler does not wait for the user's logger.
func (p *playback) log(text string, args ...any) {
	p.background.Go(func() { p.env.Logger.Warn(text, append([]any{"chat", p.chat}, args...)...) })
}

// paddingInterval is the time between two padding packets on a silent video SSRC.
const paddingInterval = 2 * time.Second

// pad keeps the server's binding of a declared video SSRC alive while no video is sent (docs/WIRE.md §5). It returns when it wants to do so
// again, the zero time while there is video.
func (p *playback) pad(link *rtc.Link, now time.Time, paused bool) time.Time {
	if p.hasVideo() && !paused {
		p.padded = now
		return time.Time{}
	}
	if now.Sub(p.padded) >= paddingInterval {
		p.padded = now
		_ = link.WriteVideoPadding(p.clock.RTPAt(link.BaseTime(models.Video), now, videoRate))
	}
	return p.padded.Add(paddingInterval)
}

// videoRate is the clock rate of VP8 in RTP (RFC 7741 §4.1).
const videoRate = 90000

// hasVideo tells whether the current stream has a picture that is not over.
func (p *playback) hasVideo() bool {
	if p.current != nil {
		for _, l := range p.current.legs {
			if l.kind == models.Video && l.begun && !l.over {
				return true
			}
		}
	}
	return false
}
