package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gotgcall/internal/lipsync"
)

const (
	// beepRate is enough for the beeps of package lipsync.
	beepRate = 8000
	// flashLimit is how much of a film and of what arrived of it is looked at.
	flashLimit = 5 * time.Minute
	// maxFlashOff is how far flash and beep may be apart at the listener beyond what they are in the film.
	maxFlashOff = millis(40 * time.Millisecond)
)

// flashReport says how much later the flashes of the flash-and-beep clip were shown than their beeps were heard, by the times that the Sender
// Reports give to the packets.
type flashReport struct {
	Pairs int    `json:"pairs"`
	Alone int    `json:"alone"` // flashes without a beep, and beeps without a flash
	First millis `json:"first_ms"`
	Last  millis `json:"last_ms"`
	Min   millis `json:"min_ms"`
	Max   millis `json:"max_ms"`
	// The same in the film itself: at a rate that does not divide a second, a flash begins up to a frame after its beep.
	SourceMin millis `json:"film_min_ms"`
	SourceMax millis `json:"film_max_ms"`
	// Note says why it was not measured.
	Note string `json:"note,omitempty"`
}

// beyond is how far it was from what is in the film.
func (r *flashReport) beyond() millis { return max(r.Max-r.SourceMax, r.SourceMin-r.Min, 0) }

// flashesOf compares flashes and beeps. It returns nil for films that do not flash and beep.
func flashesOf(ctx context.Context, s settings, e *evidence) *flashReport {
	for _, film := range []string{s.song, s.next} {
		if !isFlashAndBeep(ctx, film) {
			continue
		}
		source, err := flashesIn(ctx, film)
		if err != nil {
			return &flashReport{Note: err.Error()}
		}
		got, err := flashesHeard(ctx, s, e)
		if err != nil {
			return &flashReport{Note: err.Error()}
		}
		return compareFlashes(source, got)
	}
	return nil
}

// isFlashAndBeep tells the clip by its sound: a beep each second. Addresses are not asked again.
func isFlashAndBeep(ctx context.Context, film string) bool {
	if film == "" || isURL(film) {
		return false
	}
	pcm, err := decode(ctx, film, beepRate, pieceSample, inStep...)
	if err != nil {
		return false
	}
	const enough, tolerance = 2, 20 * time.Millisecond
	beeps := lipsync.Beeps(pcm, beepRate)
	for i := 1; i < len(beeps); i++ {
		if (beeps[i] - beeps[i-1] - time.Second).Abs() > tolerance {
			return false
		}
	}
	return len(beeps) >= enough
}

// inStep has ffmpeg put silence where nothing was sent or something was lost.
var inStep = []string{"-af", "aresample=async=1:min_hard_comp=0.01:first_pts=0"}

// flashTimes are when flashes and beeps begin, on one clock.
type flashTimes struct{ flashes, beeps []time.Duration }

// flashesIn looks at a film itself.
func flashesIn(ctx context.Context, film string) (f flashTimes, err error) {
	pcm, err := decode(ctx, film, beepRate, flashLimit, inStep...)
	if err != nil {
		return f, err
	}
	frames, err := brightness(ctx, film)
	return flashTimes{lipsync.Flashes(frames), lipsync.Beeps(pcm, beepRate)}, err
}

// flashesHeard looks at what arrived, and takes the times from the Sender Reports.
func flashesHeard(ctx context.Context, s settings, e *evidence) (f flashTimes, err error) {
	frames := framesOf(e.picture.pieces)
	start := slices.IndexFunc(frames, func(f pictureFrame) bool { return f.key && f.complete })
	if len(e.arrivals) == 0 || start < 0 || !e.picture.whole {
		return f, fmt.Errorf("not all of the sound and the picture is there")
	}
	pcm, err := decode(ctx, s.recording, beepRate, flashLimit, inStep...)
	if err != nil {
		return f, err
	}
	shown, err := brightness(ctx, s.picture)
	if err != nil {
		return f, err
	}
	// A file's times count from its first packet and its first key frame.
	for _, leg := range []struct {
		media        []time.Duration
		begin        time.Duration
		ssrc, stamp  uint32
		rate         int64
		to           *[]time.Duration
		missingClock string
	}{
		{lipsync.Flashes(shown), frames[start].media, e.endpoint.VideoSSRC(), e.stamps.picture, pictureClockRate, &f.flashes, "picture"},
		{lipsync.Beeps(pcm, beepRate), 0, e.endpoint.AudioSSRC(), e.stamps.sound, clockRate, &f.beeps, "sound"},
	} {
		for _, at := range leg.media {
			ticks := int64(leg.begin+at) * leg.rate / int64(time.Second) // minutes: no overflow
			sent, ok := e.endpoint.SenderTime(leg.ssrc, leg.stamp+uint32(ticks))
			if !ok {
				return f, fmt.Errorf("no Sender Report of the %s", leg.missingClock)
			}
			*leg.to = append(*leg.to, sent.Sub(e.began))
		}
	}
	return f, nil
}

// brightness returns that of the frames of a film.
func brightness(ctx context.Context, film string) ([]lipsync.Luma, error) {
	const stats = "scale=64:36:flags=area,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-"
	said, err := convert(ctx, film, flashLimit, "-map", "0:v:0", "-vf", stats, "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	return parseBrightness(string(said)), nil
}

// parseBrightness reads what ffmpeg's filter metadata prints of each frame: a line with its time, and one with its brightness.
func parseBrightness(said string) (frames []lipsync.Luma) {
	for line := range strings.Lines(said) {
		var number, pts int
		var at, mean float64
		if n, _ := fmt.Sscanf(line, "frame:%d pts:%d pts_time:%g", &number, &pts, &at); n == 3 {
			frames = append(frames, lipsync.Luma{At: time.Duration(at * float64(time.Second))})
		} else if n, _ := fmt.Sscanf(line, "lavfi.signalstats.YAVG=%g", &mean); n == 1 && len(frames) > 0 {
			frames[len(frames)-1].Mean = mean
		}
	}
	return frames
}

func compareFlashes(source, got flashTimes) *flashReport {
	pairs, alone := lipsync.Match(got.flashes, got.beeps)
	if len(pairs) == 0 {
		return &flashReport{Alone: alone, Note: "no flash and beep belong together"}
	}
	sourcePairs, _ := lipsync.Match(source.flashes, source.beeps)
	sourceMin, sourceMax := lipsync.Spread(sourcePairs)
	least, most := lipsync.Spread(pairs)
	return &flashReport{
		Pairs: len(pairs), Alone: alone, First: millis(pairs[0].Offset()), Last: millis(pairs[len(pairs)-1].Offset()),
		Min: millis(least), Max: millis(most), SourceMin: millis(sourceMin), SourceMax: millis(sourceMax),
	}
}
