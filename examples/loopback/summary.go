package main

import (
	"context"
	"fmt"
	"time"
)

// summary is the outcome, as -json prints it.
type summary struct {
	Song        string   `json:"song"`
	SongSeconds float64  `json:"song_seconds_by_ffmpeg"` // 0: not known
	End         string   `json:"end"`
	Connect     millis   `json:"connect_ms"`
	First       firstAt  `json:"first_packet"`
	Packets     packets  `json:"packets"`
	Violations  []string `json:"violations"`
	Level       level    `json:"announced_level"`
	Drift       drift    `json:"drift"`

	RTP        distribution `json:"rtp_interarrival"`
	Ticker     distribution `json:"bare_ticker_interarrival"`
	LongestGap gap          `json:"longest_gap"`

	Pause      *pauseReport   `json:"pause,omitempty"`
	Change     *changeReport  `json:"switch,omitempty"`
	Recording  recording      `json:"recording"`
	Picture    *pictureReport `json:"picture,omitempty"`
	LeftBehind leftovers      `json:"left_behind"`

	// Failures are the reasons for exit code 1.
	Failures []string `json:"failures"`
}

// firstAt says when the first packet arrived.
type firstAt struct {
	AfterConnect millis `json:"after_connect_ms"`
	// SetStreamSources is the greater part of it: opening the song, starting ffmpeg, reading the first sound.
	SetStreamSources millis `json:"set_stream_sources_ms"`
}

// packets counts them.
type packets struct {
	Sent          int64 `json:"sent"` // by their sequence numbers
	Received      int64 `json:"received"`
	Lost          int64 `json:"lost"`
	LostOnPurpose int64 `json:"lost_on_purpose"` // by -loss; the latest may not be in Lost yet
	Duplicates    int64 `json:"duplicates"`
	Late          int64 `json:"late"`
	TalkSpurts    int   `json:"talk_spurts"`
	// Silence is by how much the timestamps step beyond a packet where a talk spurt begins: pauses, and times when there was nothing to send.
	Silence       millis `json:"silence_between_spurts_ms"`
	SenderReports int64  `json:"sender_reports"`
}

// level is the range of what the packets' audio-level extension announces, in dBov. The library announces the same for all sound, because it
// does not decode what it sends; what tells a listener's server that somebody speaks is that it is there.
type level struct {
	Quietest int `json:"quietest_dbov"`
	Loudest  int `json:"loudest_dbov"`
}

// recording describes the file of what the listener got.
type recording struct {
	File    string  `json:"file"`
	Seconds float64 `json:"seconds_by_ffmpeg"`
	// Expected is what was played, and the pause.
	Expected   float64 `json:"seconds_expected"` // 0: not known
	Difference millis  `json:"difference_ms"`
	// Notes says whether it has the notes of the song; only the project's own piece can be checked.
	Notes string `json:"notes"`
}

// summarize measures.
func summarize(ctx context.Context, s settings, song contents, e *evidence) *summary {
	r := &summary{
		Song: s.song, SongSeconds: song.length.Seconds(), End: "stopped", Connect: millis(e.times.connected.Sub(e.times.connecting)),
		Violations: []string{}, Drift: driftOf(e.arrivals), RTP: distributionOf(gapsOf(e.arrivals, e.middle.pause)), Failures: []string{},
	}
	switch {
	case e.times.streamEnd != nil:
		r.End = "error: " + e.times.streamEnd.Error()
	case e.times.naturalEnd:
		r.End = "natural"
	}
	r.LongestGap = longestGap(e.arrivals, 1, len(e.arrivals), e.middle.pause, e.ticks)
	r.Packets = packets{
		Received: e.stats.Packets, Lost: e.stats.Lost, LostOnPurpose: e.stats.Injected, Duplicates: e.stats.Duplicates, Late: e.stats.Late,
		SenderReports: e.stats.SenderReports,
	}
	for _, v := range e.violations {
		r.Violations = append(r.Violations, v.String())
	}
	boundary := 0
	if n := len(e.arrivals); n > 0 {
		r.First = firstAtOf(e, e.arrivals[0])
		r.Packets.Sent = e.stats.LastSeq - e.stats.FirstSeq + 1
		r.Packets.TalkSpurts, r.Packets.Silence = spurtsOf(e.arrivals)
		r.Level = levelOf(e.arrivals)
		r.Ticker = distributionOf(gapsBetween(e.ticks, e.arrivals[0].at, e.arrivals[n-1].at))
	}
	if m := e.middle.pause; m != nil {
		report := pauseOf(e.arrivals, *m)
		report.During += piecesDuring(e.picture.pieces, *m)
		r.Pause = &report
	}
	if m := e.middle.change; m != nil {
		report, first := changeOf(e.arrivals, *m, e.ticks)
		r.Change, boundary = &report, first
	}
	r.Recording = recordingOf(ctx, s, song.length, e, boundary)
	r.takePicture(ctx, s, song, e)
	return r
}

// takePicture measures the picture, if one was asked for.
func (r *summary) takePicture(ctx context.Context, s settings, song contents, e *evidence) {
	r.Picture = pictureOf(s, e)
	if r.Picture == nil {
		return
	}
	r.Picture.InFilm = song.picture
	if len(e.picture.pieces) == 0 {
		return
	}
	if len(e.arrivals) == 0 || e.picture.pieces[0].at < e.arrivals[0].at {
		r.First = firstAtOf(e, e.picture.pieces[0].arrival)
	}
	r.Picture.Flashes = flashesOf(ctx, s, e)
}

func firstAtOf(e *evidence, a arrival) firstAt {
	return firstAt{
		AfterConnect: millis(e.began.Add(a.at).Sub(e.times.connected)), SetStreamSources: millis(e.times.playing.Sub(e.times.connected)),
	}
}

// recordingOf looks at the file of what the listener got. boundary is the number of the first packet of the second song.
func recordingOf(ctx context.Context, s settings, length time.Duration, e *evidence, boundary int) recording {
	r := recording{File: s.recording, Notes: "not the project's own song: not checked"}
	if len(e.arrivals) == 0 {
		return r
	}
	got, err := durationOf(ctx, s.recording)
	if err != nil {
		r.Notes = "not checked: " + err.Error()
		return r
	}
	r.Seconds = got.Seconds()
	if want := expectedLength(length, e, boundary); want > 0 {
		r.Expected, r.Difference = want.Seconds(), millis(got-want)
	}
	if s.loss > 0 {
		r.Notes = "not checked with -loss"
		return r
	}
	n, difference, err := checkNotes(ctx, s.recording, partsOf(s, e.arrivals, e.middle.pause, e.middle.change != nil, boundary))
	switch {
	case err != nil:
		r.Notes = wrongNotes + err.Error()
	case difference != "":
		r.Notes = wrongNotes + difference
	case n > 0:
		r.Notes = fmt.Sprintf("all %d right", n)
	}
	return r
}

// wrongNotes begins a verdict that counts as a failure.
const wrongNotes = "wrong: "

// expectedLength is how long the recording should be; 0 when ffmpeg does not know how long the song is.
func expectedLength(length time.Duration, e *evidence, boundary int) time.Duration {
	if e.middle.change != nil {
		length = e.middle.change.length
	}
	if !e.times.naturalEnd {
		length = e.times.position
	}
	if length == 0 {
		return 0
	}
	return time.Duration(boundary)*frame + length + silenceOf(e.arrivals, e.middle.pause)
}
