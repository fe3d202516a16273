package sfutest

import (
	"time"
)

// keyWait is the wait for the key frame that a PLI or FIR asked for. It is measured in media time of the video that flows meanwhile, so
// that neither a pause nor a busy machine counts.
type keyWait struct {
	open     bool
	since    time.Time
	waited   time.Duration
	reported bool
}

// requested takes note of a PLI or FIR. One that repeats another one which is not answered yet waits for the same key frame.
func (v *pictures) requested(now time.Time) {
	v.stats.KeyRequests++
	if !v.wait.open {
		v.wait = keyWait{open: true, since: now}
	}
}

// frame takes the first packet of the next frame, which comes so much media time after the one before.
func (w *keyWait) frame(v *pictures, p *Packet, d *vp8Descriptor, interval time.Duration, missing int) {
	if !w.open {
		return
	}
	if v.begun {
		w.waited += min(interval, flowGap) // a longer step is a pause
	}
	switch {
	case d.key:
		w.open = false
		v.stats.KeyAnswers++
		v.stats.KeyWaitLast, v.stats.KeyWaitMax = w.waited, max(v.stats.KeyWaitMax, w.waited)
	case missing > 0:
		w.open = false // the answer may be among what is missing
	case w.waited > v.tolerances.KeyFrame && !w.reported && !v.lossy && v.stalls.excuse(w.since, p.read) == 0:
		w.reported = true
		v.ledger.add(ViolationKeyFrameRequest, "%v of video without a key frame since one was asked for, at sequence number %d",
			w.waited.Round(time.Millisecond), p.Seq)
	}
}
