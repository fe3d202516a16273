package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// print writes the summary as a table.
func (r *summary) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	fmt.Fprintln(w)
	row("song", "%s", r.Song)
	row("length by ffmpeg", "%s", seconds(r.SongSeconds))
	row("end", "%s", r.End)
	row("connect", "%s", r.Connect)
	row("first packet", "%s after Connect; SetStreamSources took %s of it", r.First.AfterConnect, r.First.SetStreamSources)
	row("packets", "%d sent, %d received, %d lost (%d on purpose), %d twice, %d late",
		r.Packets.Sent, r.Packets.Received, r.Packets.Lost, r.Packets.LostOnPurpose, r.Packets.Duplicates, r.Packets.Late)
	row("talk spurts", "%d, with %s of silence between them", r.Packets.TalkSpurts, r.Packets.Silence)
	row("sender reports", "%d", r.Packets.SenderReports)
	row("violations", "%d", len(r.Violations))
	for _, v := range r.Violations {
		row("", "%s", v)
	}
	row("announced level", "%d to %d dBov", r.Level.Quietest, r.Level.Loudest)
	row("drift", "%s to %s, %s at the end (medians of a second; a single packet: %s to %s)",
		r.Drift.Min, r.Drift.Max, r.Drift.End, r.Drift.Behind, r.Drift.Ahead)
	row("inter-arrival", "p50 %s, p99 %s, max %s", r.RTP.P50, r.RTP.P99, r.RTP.Max)
	row("  bare ticker", "p50 %s, p99 %s, max %s", r.Ticker.P50, r.Ticker.P99, r.Ticker.Max)
	row("longest gap", "%s, %s after the first packet; the bare ticker had %s there", r.LongestGap.Length, seconds(r.LongestGap.At.float()/1000), r.LongestGap.Ticker)
	r.rowsOfTheMiddle(row)
	r.rowsOfThePicture(row)
	row("recording", "%s", r.Recording.File)
	row("  length", "%s by ffmpeg, %s expected, difference %s", seconds(r.Recording.Seconds), seconds(r.Recording.Expected), r.Recording.Difference)
	row("  notes", "%s", r.Recording.Notes)
	before, after := r.LeftBehind.Before, r.LeftBehind.After
	row("goroutines", "%d before New, %d after Close", before.Goroutines, after.Goroutines)
	row("descriptors", "%s", beforeAndAfter(before.Descriptors, after.Descriptors))
	row("child processes", "%s", beforeAndAfter(before.Children, after.Children))
	for _, remark := range r.remarks() {
		row("remark", "%s", remark)
	}
	row("verdict", "%s", verdict(r.Failures))
	return w.Flush()
}

func (r *summary) rowsOfTheMiddle(row func(name, format string, args ...any)) {
	if p := r.Pause; p != nil {
		row("pause", "%d packets during it; after Resume the first one came within %s, and %d in 100 ms", p.During, p.Restart, p.Burst)
		row("  position", "%s before, %s after, %s heard until then", p.Before, p.After, p.Heard)
	}
	if c := r.Change; c != nil {
		row("switch", "%s between the songs (the bare ticker had %s there), timestamps %s beyond a packet; SetStreamSources took %s",
			c.Gap.Length, c.Gap.Ticker, c.Seam, c.Took)
	}
}

func (r *summary) rowsOfThePicture(row func(name, format string, args ...any)) {
	p := r.Picture
	switch {
	case p == nil:
		return
	case p.Frames.Sent == 0:
		row("picture", "none arrived")
		return
	}
	row("picture packets", "%d sent, %d received, %d lost (%d on purpose), %d recovered by retransmission, %d twice, %d late",
		p.Packets.Sent, p.Packets.Received, p.Packets.Lost, p.Packets.LostOnPurpose, p.Packets.Recovered, p.Packets.Duplicates, p.Packets.Late)
	row("  requests", "%d packets asked for again, %d key frames asked for", p.Packets.Requested, p.Packets.KeyRequests)
	row("  frames", "%d sent, %d complete (%.2f %%), %d left out by the sender, %.2f a second",
		p.Frames.Sent, p.Frames.Complete, p.Frames.Percent, p.Frames.LeftOut, p.Frames.Rate)
	row("  key frames", "%d, %s to %s apart", p.KeyInterval.Count, p.KeyInterval.Min, p.KeyInterval.Max)
	row("  bit rate", "%d kbit/s; the sound has %d", p.Kbits, p.SoundKbits)
	row("  sender reports", "%d", p.Packets.SenderReports)
	row("  drift", "%s to %s, %s at the end (medians of a second; a single frame: %s to %s)",
		p.Drift.Min, p.Drift.Max, p.Drift.End, p.Drift.Behind, p.Drift.Ahead)
	if o := p.Reports; o.Count > 0 {
		row("picture after sound", "by the sender reports the first picture belongs %s after the first sound, at the end %s (%s to %s); it arrived %s after",
			o.First, o.Last, o.Min, o.Max, o.Arrived)
	}
	if f := p.Flashes; f != nil {
		row("flash after beep", "first %s, last %s, min %s, max %s, of %d pairs (%d alone); %s to %s in the film%s",
			f.First, f.Last, f.Min, f.Max, f.Pairs, f.Alone, f.SourceMin, f.SourceMax, inParentheses(f.Note))
	}
	row("picture recording", "%s%s", p.File, inParentheses(p.FileNote))
	row("  length", "%s by its timestamps", seconds(p.Seconds))
}

// inParentheses puts a note behind what it is about.
func inParentheses(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}

func verdict(failures []string) string {
	if len(failures) == 0 {
		return "good"
	}
	return "BAD: " + strings.Join(failures, "; ")
}

func seconds(s float64) string {
	if s == 0 {
		return "unknown"
	}
	return strconv.FormatFloat(s, 'f', 2, 64) + " s"
}

func beforeAndAfter(before, after *int) string {
	if before == nil || after == nil {
		return "not measured"
	}
	return fmt.Sprintf("%d before New, %d after Close", *before, *after)
}
