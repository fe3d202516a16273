package main

import (
	"math"
	"slices"
	"time"

	"gotgcall/sfutest"
)

// pictureReport says what a viewer got.
type pictureReport struct {
	InFilm      bool           `json:"in_film_by_ffmpeg"`
	Packets     picturePackets `json:"packets"`
	Frames      frameCounts    `json:"frames"`
	Kbits       int            `json:"kbit_s"`
	SoundKbits  int            `json:"sound_kbit_s"`
	KeyInterval keyInterval    `json:"key_frames"`
	Drift       drift          `json:"drift"`
	Reports     reportOffset   `json:"after_sound_by_sender_reports"`
	Seconds     float64        `json:"seconds"`
	File        string         `json:"file"` // "": nothing came
	FileNote    string         `json:"file_note,omitempty"`
	Flashes     *flashReport   `json:"flash_after_beep,omitempty"` // of the flash-and-beep clip only
}

// picturePackets counts them.
type picturePackets struct {
	Sent          int64 `json:"sent"` // by their sequence numbers, padding included
	Received      int64 `json:"received"`
	Lost          int64 `json:"lost"` // for good
	LostOnPurpose int64 `json:"lost_on_purpose"`
	Requested     int64 `json:"requested_again"` // numbers in NACKs
	Recovered     int64 `json:"recovered"`       // by RTX
	Duplicates    int64 `json:"duplicates"`
	Late          int64 `json:"late"`
	KeyRequests   int64 `json:"key_frame_requests"` // PLI
	SenderReports int64 `json:"sender_reports"`
}

// frameCounts counts frames.
type frameCounts struct {
	Sent     int     `json:"sent"` // by their picture ids
	Complete int     `json:"complete"`
	Percent  float64 `json:"complete_percent"`
	// LeftOut are those that the sender never sent because they were late, by the holes in the timestamps between frames with adjacent
	// numbers, as far as the sound has none there. It means something for films with a constant rate, and is not measured with -switch.
	LeftOut int     `json:"left_out"`
	Rate    float64 `json:"per_second"` // of frames sent
	// Interval is the usual time between two.
	Interval millis `json:"interval_ms"`
}

// keyInterval is the media time between key frames.
type keyInterval struct {
	Count int    `json:"count"`
	Min   millis `json:"min_ms"`
	Max   millis `json:"max_ms"`
}

// reportOffset is how much later the first picture is to be shown than the first sound is to be heard, by the wall-clock times of the Sender
// Reports: what a receiver plays lip-sync by. Measured at each report, it does not move.
type reportOffset struct {
	Count int    `json:"count"`
	First millis `json:"first_ms"`
	Last  millis `json:"last_ms"`
	Min   millis `json:"min_ms"`
	Max   millis `json:"max_ms"`
	// Arrived is the same by the arrivals of the two packets, which a busy machine makes late.
	Arrived millis `json:"arrived_ms"`
}

// pictureOf measures the picture. It returns nil when none was asked for.
func pictureOf(s settings, e *evidence) *pictureReport {
	if !s.film {
		return nil
	}
	st := e.picture.stats
	r := &pictureReport{
		Packets: picturePackets{
			Received: st.Packets, Lost: st.Lost, LostOnPurpose: st.Injected, Recovered: st.Recovered, Duplicates: st.Duplicates, Late: st.Late,
			Requested: e.picture.counters.NACKs, KeyRequests: e.picture.counters.PLIs, SenderReports: st.SenderReports,
		},
		Kbits: kbitsOf(st), SoundKbits: kbitsOf(e.stats), Drift: driftOf(e.picture.starts), File: e.picture.file, FileNote: e.picture.note,
	}
	if len(e.picture.pieces) == 0 {
		return r
	}
	r.Packets.Sent = st.LastSeq - st.FirstSeq + 1
	frames := framesOf(e.picture.pieces)
	r.Frames, r.KeyInterval = countFrames(frames, e.middle.pause, standstillOf(e.arrivals, e.middle.pause)), keyIntervalOf(frames)
	if e.middle.change != nil {
		r.Frames.LeftOut = 0 // two films have two rates
	}
	first, last := frames[0], frames[len(frames)-1]
	r.Seconds = (last.media - first.media + time.Duration(r.Frames.Interval)).Seconds()
	if len(e.arrivals) > 0 {
		r.Reports = reportOffsetOf(e, first.media)
		r.Reports.Arrived = millis(e.picture.pieces[0].at - e.arrivals[0].at)
	}
	return r
}

// kbitsOf returns the bit rate of a stream's payloads from its first packet to its last.
func kbitsOf(st sfutest.StreamStats) int {
	took := st.LastArrival.Sub(st.FirstArrival)
	if took <= 0 {
		return 0
	}
	return int(math.Round(float64(st.Bytes) * 8 / 1000 / took.Seconds()))
}

// countFrames counts. Outside the pause there was nothing to send for as long as standstill says.
func countFrames(frames []pictureFrame, pause *pauseMoments, standstill time.Duration) frameCounts {
	c := frameCounts{Sent: frames[len(frames)-1].id - frames[0].id + 1}
	var steps []time.Duration // between frames with adjacent numbers
	for i, f := range frames {
		if f.complete {
			c.Complete++
		}
		if i > 0 && f.id == frames[i-1].id+1 && !pause.within(frames[i-1].sent, f.sent) {
			steps = append(steps, f.media-frames[i-1].media)
		}
	}
	c.Percent = math.Round(float64(c.Complete)/float64(c.Sent)*10000) / 100
	usual := median(steps)
	if usual <= 0 {
		return c
	}
	var holes time.Duration
	for _, step := range steps {
		if step > usual*3/2 {
			holes += step - usual
		}
	}
	c.LeftOut = max(0, int(math.Round(float64(holes-standstill)/float64(usual))))
	c.Interval = millis(usual)
	took := frames[len(frames)-1].media - frames[0].media + usual
	c.Rate = math.Round(float64(c.Sent)/took.Seconds()*100) / 100
	return c
}

func keyIntervalOf(frames []pictureFrame) keyInterval {
	var r keyInterval
	var last time.Duration
	var steps []time.Duration
	for _, f := range frames {
		if !f.key {
			continue
		}
		if r.Count > 0 {
			steps = append(steps, f.media-last)
		}
		r.Count++
		last = f.media
	}
	if len(steps) > 0 {
		r.Min, r.Max = millis(slices.Min(steps)), millis(slices.Max(steps))
	}
	return r
}

// reportOffsetOf compares each Sender Report of the picture with the latest one of the sound before it. first is the media time of the first
// frame, which is not that of the first packet when that was lost.
func reportOffsetOf(e *evidence, first time.Duration) (r reportOffset) {
	sound, i := e.picture.soundReports, -1
	began := e.began.Add(e.arrivals[0].at)
	for _, p := range e.picture.reports {
		for i+1 < len(sound) && !sound[i+1].Arrival.After(p.Arrival) {
			i++
		}
		if i < 0 {
			continue
		}
		heard := sentAt(sound[i], e.stamps.sound, began, clockRate)
		shown := sentAt(p, e.stamps.picture, e.began.Add(e.picture.pieces[0].at), pictureClockRate).Add(first)
		off := millis(shown.Sub(heard))
		if r.Count == 0 {
			r.First, r.Min, r.Max = off, off, off
		}
		r.Count++
		r.Last, r.Min, r.Max = off, min(r.Min, off), max(r.Max, off)
	}
	return r
}

// sentAt translates the timestamp of a leg's first packet, which came at began, to the sender's clock by a Sender Report.
func sentAt(report sfutest.SenderReport, first uint32, began time.Time, rate int64) time.Time {
	// Timestamps wrap at 2^32: the report is about as much later than the packet as it came later.
	about := int64(report.Arrival.Sub(began).Seconds() * float64(rate))
	ticks := about + int64(int32(report.Timestamp-first-uint32(about)))
	return report.NTP.Add(-ticksToDuration(ticks, rate))
}
