package main

import (
	"fmt"
	"strings"
	"time"

	"gotgcall"
)

// status is what the page is told twice a second.
func (b *bot) status() event {
	e := event{"type": "status"}
	if s, err := b.client.Stats(chatID); err == nil {
		e["position"] = s.Position.Seconds()
		e["playing"] = s.Source != ""
		e["stats"] = statsWords(s)
	}
	if d, err := b.client.Diagnose(chatID); err == nil {
		e["audible"], e["diagnosis"] = d.Audible, diagnosisWords(d)
	}
	if s, err := b.client.Stats(broadcastID); err == nil {
		e["broadcast"] = pushWords(s)
	}
	if t, ok := b.playlist().Current(); ok {
		e["current"] = t.ID
	}
	queue := []string{}
	for _, t := range b.playlist().List() {
		queue = append(queue, b.infoOf(t.Source).Title)
	}
	e["queue"] = queue
	return e
}

// statsWords says what Stats knows of a group call.
func statsWords(s gotgcall.CallStats) []string {
	lines := []string{"The connection is " + s.State.String() + since(s.Since) + "."}
	if s.Link.Local != "" {
		role := "controlled"
		if s.Link.Controlling {
			role = "controlling"
		}
		lines = append(lines, fmt.Sprintf("From %s to %s, in the ICE role %s; connecting took %d ms.", s.Link.Local, s.Link.Remote, role, s.Link.Connect.Milliseconds()))
	}
	if s.Source != "" {
		lines = append(lines, "It plays "+s.Source+".")
	}
	return append(lines, legWords("Sound", s.Audio), legWords("Picture", s.Video))
}

// legWords says what has become of one leg.
func legWords(name string, l gotgcall.LegStats) string {
	if l.Frames == 0 {
		return name + ": nothing was sent yet."
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s: %d frames, %.1f MB, %d ms read ahead", name, l.Frames, float64(l.Bytes)/1e6, l.Queued.Milliseconds())
	if l.Muted > 0 {
		fmt.Fprintf(&s, ", %d kept back while muted", l.Muted)
	}
	if l.Dropped > 0 {
		fmt.Fprintf(&s, ", %d dropped as too late", l.Dropped)
	}
	if l.Gaps > 0 {
		fmt.Fprintf(&s, ", %d gaps of the source", l.Gaps)
	}
	if r := l.Remote; r.Reports > 0 {
		fmt.Fprintf(&s, "; the page has sent %d reports: %d packets lost, jitter %.1f ms, round trip %.1f ms", r.Reports, r.Lost, ms(r.Jitter), ms(r.RTT))
		if r.NACKs+r.PLIs+r.FIRs > 0 {
			fmt.Fprintf(&s, ", %d packets asked for again, %d key frames asked for", r.NACKs, r.PLIs+r.FIRs)
		}
	}
	if l.LastError != nil {
		fmt.Fprintf(&s, "; last end: %v", l.LastError)
	}
	return s.String() + "."
}

// pushWords says what Stats knows of a broadcast.
func pushWords(s gotgcall.CallStats) []string {
	lines := []string{
		"The broadcast is " + s.State.String() + since(s.Since) + ".",
		fmt.Sprintf("%s took it %d times, in %d attempts; it is %.1f s into what plays.", s.Push.Server, s.Push.Connections, s.Push.Attempts, s.Position.Seconds()),
		fmt.Sprintf("%d ms wait for the encoder and the server; %.1f s of silence and %d pictures filled gaps, %d pictures were dropped.",
			s.Push.Backlog.Milliseconds(), s.Push.Silence.Seconds(), s.Push.Repeated, s.Push.Dropped),
	}
	if s.Push.LastError != nil {
		lines = append(lines, "Its last connection ended: "+s.Push.LastError.Error())
	}
	return lines
}

// diagnosisWords are the findings, each with its evidence.
func diagnosisWords(d gotgcall.Diagnosis) []string {
	var lines []string
	for _, f := range d.Findings {
		lines = append(lines, f.Text+" ("+f.Evidence+")")
	}
	return lines
}

// streamWords says what a stream of a file is.
func streamWords(codec string, rate, channels, width, height int, fps float64) string {
	if width > 0 {
		return fmt.Sprintf("%s %d×%d at %.4g/s", codec, width, height, fps)
	}
	return fmt.Sprintf("%s %.4g kHz, %d channels", codec, float64(rate)/1000, channels)
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.Format(time.TimeOnly)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
