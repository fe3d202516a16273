package main

import (
	"fmt"
	"strings"
	"time"
)

// Limits of what is right: one frame for positions, and two for the way between two songs.
const (
	maxPositionError = millis(frame)
	maxChangeGap     = millis(2 * frame)
	maxBurst         = int(burstWindow/frame) + 1
	maxPictureDrift  = millis(10 * time.Millisecond)
)

// judge fills in the failures. Times that depend on how busy the machine is do not count: a program that fails on a slow machine is of no
// use. The exceptions are those that no machine excuses: packets during a pause, a position that moves in it.
func (r *summary) judge(loss float64) {
	fail := func(bad bool, format string, args ...any) {
		if bad {
			r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
		}
	}
	fail(r.Packets.Received == 0 && (r.Picture == nil || r.Picture.Frames.Sent == 0), "nothing arrived")
	fail(len(r.Violations) > 0, "%d rule(s) broken", len(r.Violations))
	fail(r.Packets.Lost > r.Packets.LostOnPurpose, "%d packet(s) lost", r.Packets.Lost-r.Packets.LostOnPurpose)
	fail(loss == 0 && r.Packets.Duplicates > 0, "%d packet(s) arrived twice", r.Packets.Duplicates)
	fail(strings.HasPrefix(r.End, "error"), "the stream ended with an %s", r.End)
	fail(strings.HasPrefix(r.Recording.Notes, wrongNotes), "the notes are %s", r.Recording.Notes)
	if p := r.Picture; p != nil {
		fail(p.Packets.Lost > p.Packets.LostOnPurpose, "%d packet(s) of the picture lost", p.Packets.Lost-p.Packets.LostOnPurpose)
		fail(loss == 0 && p.Packets.Duplicates > 0, "%d packet(s) of the picture arrived twice", p.Packets.Duplicates)
		// The last one may be cut off when the film is left in the middle.
		fail(loss == 0 && p.Frames.Sent-p.Frames.Complete > 1, "%d frame(s) incomplete", p.Frames.Sent-p.Frames.Complete)
	}
	if p := r.Pause; p != nil {
		fail(p.During > 0, "%d packet(s) during the pause", p.During)
		fail(p.Before != p.After, "the position moved by %s during the pause", p.After-p.Before)
		// With a picture the position is that of the leg which is ahead.
		fail(loss == 0 && r.Picture == nil && (p.Heard-p.Before).abs() > maxPositionError, "the position at the pause is %s from what was heard", p.Heard-p.Before)
	}
	fail(!r.LeftBehind.After.within(r.LeftBehind.Before), "something is left behind after Close")
}

// remarks are what is worth a look, but may be the machine's doing.
func (r *summary) remarks() []string {
	var list []string
	remark := func(odd bool, format string, args ...any) {
		if odd {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	remark(r.RTP.P99 > r.Ticker.P99+millis(2*time.Millisecond), "the p99 of the inter-arrival times is more than 2 ms beyond the bare ticker's")
	remark(max(r.Drift.Max, -r.Drift.Min) > millis(5*time.Millisecond), "the drift is beyond 5 ms")
	remark(r.Change != nil && r.Change.Gap.Length > maxChangeGap, "the gap at the switch is longer than %s", maxChangeGap)
	remark(r.Pause != nil && r.Pause.Burst > maxBurst, "more packets after the pause than %d in %v", maxBurst, burstWindow)
	remark(r.Recording.Expected > 0 && r.Recording.Difference.abs() > millis(2*frame), "the recording's length differs by more than %v", 2*frame)
	if p := r.Picture; p != nil {
		remark(p.InFilm && p.Frames.Sent == 0, "there is a picture in the film, but none arrived")
		remark(max(p.Drift.Max, -p.Drift.Min) > maxPictureDrift, "the drift of the picture is beyond %s", maxPictureDrift)
		remark(p.Frames.LeftOut > 0, "%d frame(s) were left out by the sender", p.Frames.LeftOut)
		remark(p.Flashes != nil && p.Flashes.beyond() > maxFlashOff, "flash and beep are further apart than in the film, by more than %s", maxFlashOff)
	}
	return list
}
