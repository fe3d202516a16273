package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// column is one of the table's.
type column struct {
	title string
	cell  func(r result, floor *result) string
}

// columns are all of them. floor is the bare PeerConnection's row with as many calls, nil when it was not measured.
var columns = []column{
	{"", func(r result, _ *result) string { return kinds[r.Row.What].title }},
	{"calls", func(r result, _ *result) string { return fmt.Sprint(r.Row.Calls) }},
	{"µs/packet", func(r result, _ *result) string { return micros(r.perPacket()) }},
	{"× peer", func(r result, floor *result) string {
		if floor == nil || floor.perPacket() == 0 {
			return "–"
		}
		return fmt.Sprintf("%.2f", float64(r.perPacket())/float64(floor.perPacket()))
	}},
	{"allocs/packet", func(r result, _ *result) string { return fmt.Sprintf("%.1f", r.allocsPerPacket()) }},
	{"% of a core/call", func(r result, _ *result) string {
		return fmt.Sprintf("%.2f", 100*r.perCall(int64(r.CPU+r.ChildrenCPU))/float64(max(1, r.Wall)))
	}},
	{"children", func(r result, _ *result) string { return fmt.Sprint(r.Children) }},
	{"heap KB/call", func(r result, _ *result) string { return fmt.Sprintf("%.0f", r.perCall(r.Heap)/1000) }},
	{"RSS KB/call", func(r result, _ *result) string { return fmt.Sprintf("%.0f", r.perCall(r.RSS)/1000) }},
	{"goroutines/call", func(r result, _ *result) string { return fmt.Sprintf("%.1f", r.perCall(int64(r.Goroutines))) }},
	{"descriptors/call", func(r result, _ *result) string { return fmt.Sprintf("%.1f", r.perCall(int64(r.Descriptors))) }},
	{"join p50/p99 ms", func(r result, _ *result) string { return pair(r, r.Joins) }},
	{"first packet p50/p99 ms", func(r result, _ *result) string { return pair(r, r.Firsts) }},
	{"gaps p50/p99/max ms", func(r result, _ *result) string {
		return millis(r.Gaps.P50) + " / " + millis(r.Gaps.P99) + " / " + millis(r.Gaps.Max)
	}},
	{"drift ms", func(r result, _ *result) string { return millis(r.Drift) }},
	{"lost", func(r result, _ *result) string { return fmt.Sprintf("%d of %d", r.Lost, r.Packets+r.Lost) }},
	{"cores: sender + children + receiver", func(r result, _ *result) string {
		s := fmt.Sprintf("%.2f + %.2f + %.2f", r.cores(r.CPU), r.cores(r.ChildrenCPU), r.cores(r.ReceiverCPU))
		if r.Busy >= 0 {
			s += fmt.Sprintf(", machine %.0f %% busy", 100*r.Busy)
		}
		if r.saturation(runtime.NumCPU()) {
			s += ", **saturated**"
		}
		return s
	}},
}

// table writes the results in Markdown.
func table(rows []result) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	var titles, rule []string
	for i, c := range columns {
		titles = append(titles, c.title)
		rule = append(rule, []string{"---", "---:"}[min(i, 1)])
	}
	line(titles)
	line(rule)
	for _, r := range rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(r, floorOf(r, rows)))
		}
		line(cells)
	}
	return b.String()
}

// floorOf returns the bare PeerConnection's row with as many calls, nil when there is none.
func floorOf(r result, rows []result) *result {
	for i := range rows {
		if rows[i].Row.What == "peer" && rows[i].Row.Calls == r.Row.Calls {
			return &rows[i]
		}
	}
	return nil
}

// pair returns the 50th and the 99th percentile of what only calls have.
func pair(r result, values []time.Duration) string {
	if len(values) == 0 || r.Row.What == "seal" {
		return "–"
	}
	return millis(quantile(values, 0.5)) + " / " + millis(quantile(values, 0.99))
}

func micros(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Microsecond)) }

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
