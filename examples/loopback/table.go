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
