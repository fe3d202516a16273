package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// durationOf asks ffmpeg how long a song is; 0 when it does not know.
func durationOf(ctx context.Context, song string) (time.Duration, error) {
	input, err := ffmpegInput(song)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // an address may not answer
	defer cancel()
	// It always exits with 1, for want of an output; what it says about its input is what counts.
	said, _ := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-hide_banner", "-i", input).CombinedOutput()
	return parseDuration(string(said)), nil
}

var durationLine = regexp.MustCompile(`(?m)^\s*Duration: (\d{1,6}):([0-5]\d):([0-5]\d(?:\.\d+)?)`)

// parseDuration finds "Duration: 00:01:02.50" in what ffmpeg says about an input. 0 means that it does not know.
func parseDuration(said string) time.Duration {
	m := durationLine.FindStringSubmatch(said)
	if m == nil {
		return 0
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	seconds, _ := strconv.ParseFloat(m[3], 64)
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second))
}

// decode returns the sound of a song as samples of one channel, at most so much of it.
func decode(ctx context.Context, song string, rate int, limit time.Duration) ([]int16, error) {
	input, err := ffmpegInput(song)
	if err != nil {
		return nil, err
	}
	raw, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-i", input, "-t", strconv.FormatFloat(limit.Seconds(), 'f', 3, 64),
		"-map", "0:a:0", "-ac", "1", "-ar", strconv.Itoa(rate), "-f", "s16le", "-").Output()
	if err != nil {
		return nil, fmt.Errorf("decoding %q: %w", song, withStderr(err))
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm, nil
}

// ffmpegInput is a song's name that ffmpeg takes for no option and no protocol.
func ffmpegInput(song string) (string, error) {
	if isURL(song) {
		return song, nil
	}
	path, err := filepath.Abs(song)
	return "file:" + path, err
}

// withStderr adds what a program said to the error of running it.
func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
