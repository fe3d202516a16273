package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// contents are what ffmpeg says about an input.
type contents struct {
	length  time.Duration // 0: not known
	sound   bool          // also when nothing is known
	picture bool
}

// probe asks ffmpeg what is in a song.
func probe(ctx context.Context, song string) (contents, error) {
	input, err := ffmpegInput(song)
	if err != nil {
		return contents{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // an address may not answer
	defer cancel()
	// It always exits with 1, for want of an output; what it says about its input is what counts.
	said, _ := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-hide_banner", "-i", input).CombinedOutput()
	return parseContents(string(said)), nil
}

// durationOf asks ffmpeg how long a song is; 0 when it does not know.
func durationOf(ctx context.Context, song string) (time.Duration, error) {
	c, err := probe(ctx, song)
	return c.length, err
}

var streamLine = regexp.MustCompile(`(?m)^\s*Stream #\d.*?: (Audio|Video): `)

// parseContents reads what ffmpeg says about an input.
func parseContents(said string) contents {
	c := contents{length: parseDuration(said)}
	for _, m := range streamLine.FindAllStringSubmatch(said, -1) {
		c.sound = c.sound || m[1] == "Audio"
		c.picture = c.picture || m[1] == "Video"
	}
	c.sound = c.sound || !c.picture
	return c
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
func decode(ctx context.Context, song string, rate int, limit time.Duration, options ...string) ([]int16, error) {
	raw, err := convert(ctx, song, limit, slices.Concat([]string{"-map", "0:a:0", "-ac", "1", "-ar", strconv.Itoa(rate)}, options,
		[]string{"-f", "s16le", "-"})...)
	if err != nil {
		return nil, err
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm, nil
}

// convert returns what ffmpeg writes to stdout of at most so much of a song.
func convert(ctx context.Context, song string, limit time.Duration, output ...string) ([]byte, error) {
	input, err := ffmpegInput(song)
	if err != nil {
		return nil, err
	}
	args := []string{"-nostdin", "-v", "error", "-i", input, "-t", strconv.FormatFloat(limit.Seconds(), 'f', 3, 64)}
	out, err := exec.CommandContext(ctx, "ffmpeg", append(args, output...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("decoding %q: %w", song, withStderr(err))
	}
	return out, nil
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
