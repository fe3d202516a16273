package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ffprobe gives each of the entries that it finds in a file to f, with its kind.
func ffprobe(ctx context.Context, path, entries string, f func(kind string, of map[string]string)) error {
	// After "file:" ffprobe takes no part of the name for a protocol or an option.
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "quiet", "-show_entries", entries, "-of", "compact", "-i", "file:"+path).Output()
	if err != nil {
		return fmt.Errorf("ffprobe reads nothing in %q: %w", path, err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		of := map[string]string{}
		for _, field := range fields[1:] {
			key, value, _ := strings.Cut(field, "=")
			of[key] = value
		}
		f(fields[0], of)
	}
	return nil
}

// duration reads a number of ffprobe; 0 when there is none.
func duration(s string) time.Duration {
	n, _ := strconv.ParseFloat(s, 64)
	return time.Duration(n * float64(time.Second)).Round(time.Microsecond)
}

// track is what the server got of sound or picture.
type track struct {
	codec            string
	packets          int
	first, last, end time.Duration // timestamps; the end is that of the last packet and its duration
	step, after      time.Duration // the largest step between two of them, and where it is
}

// readBack prints what is in the recording, and says what is wrong with it. What a busy machine does to the times is forgiven.
func readBack(ctx context.Context, recording string, b *broadcast) error {
	tracks := map[string]*track{"video": {}, "audio": {}}
	const entries = "packet=codec_type,dts_time,duration_time:stream=codec_type,codec_name,width,height"
	err := ffprobe(ctx, recording, entries, func(kind string, of map[string]string) {
		t := tracks[of["codec_type"]]
		switch {
		case t == nil:
		case kind == "stream" && of["width"] != "":
			t.codec = fmt.Sprintf("%s %sx%s", of["codec_name"], of["width"], of["height"])
		case kind == "stream":
			t.codec = of["codec_name"]
		default:
			at := duration(of["dts_time"])
			if t.packets++; t.packets == 1 {
				t.first = at
			} else if step := at - t.last; step > t.step {
				t.step, t.after = step, t.last
			}
			t.last, t.end = at, at+duration(of["duration_time"])
		}
	})
	if err != nil {
		return err
	}
	wall := b.stop.Sub(b.begin)
	var wrong []error
	for _, kind := range []string{"video", "audio"} {
		t := tracks[kind]
		off := t.end - t.first - wall
		fmt.Fprintf(b.show, "%-12s %s, %d packets, %.3f s (%+d ms against the wall), largest step %d ms at %.3f s\n",
			kind, t.codec, t.packets, (t.end - t.first).Seconds(), off.Milliseconds(), t.step.Milliseconds(), t.after.Seconds())
		switch {
		case t.packets == 0:
			wrong = append(wrong, fmt.Errorf("no %s arrived", kind))
		case off.Abs() > 2*time.Second:
			wrong = append(wrong, fmt.Errorf("the %s is %v off the clock", kind, off))
		}
	}
	if b.connections != 1 {
		wrong = append(wrong, fmt.Errorf("%d connections, expected one", b.connections))
	}
	fmt.Fprintln(b.show, "recording   ", recording)
	return errors.Join(wrong...)
}
