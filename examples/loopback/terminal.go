package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	liveInterval  = 200 * time.Millisecond
	plainInterval = 5 * time.Second
	barWidth      = 12
)

// legend explains the line of progress once.
const legend = "position / length, announced level, Opus in the last second (nothing is decoded here; quiet music takes less), " +
	"packets, lost, drift"

// filmLegend explains the line of progress of a film.
const filmLegend = "position / length; sound+picture: media in the last second, packets, lost; frames in the last second; drift of sound and picture"

// screen prints steps as lines, and the progress below them: as a line that changes on a terminal, as one line every 5 s elsewhere.
type screen struct {
	// set at construction
	out     io.Writer
	verbose bool
	live    bool

	mu    sync.Mutex // guards out and what follows
	width int        // of the line of progress that stands there now
	drawn time.Time
}

func newScreen(out io.Writer, verbose bool) *screen {
	return &screen{out: out, verbose: verbose, live: isTerminal(out)}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// step prints one line.
func (s *screen) step(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eraseLocked()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// json prints a step about a text of JSON, and the text itself if details are wanted.
func (s *screen) json(what, text string) {
	s.step("%s, %d bytes of JSON", what, len(text))
	if s.verbose {
		s.step("  %s", text)
	}
}

// Write implements io.Writer, for the library's log.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eraseLocked()
	return s.out.Write(b)
}

// progress shows where the song is, as often as it makes sense.
func (s *screen) progress(position, length time.Duration, m moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	interval := plainInterval
	if s.live {
		interval = liveInterval
	}
	if time.Since(s.drawn) < interval {
		return
	}
	if s.drawn.IsZero() {
		fmt.Fprintln(s.out, legendOf(m))
	}
	s.drawn = time.Now()
	line := progressLine(position, length, m)
	if !s.live {
		fmt.Fprintln(s.out, line)
		return
	}
	// Blanks over the rest of a longer line: they need no control sequences, which not every terminal knows.
	fmt.Fprintf(s.out, "\r%s%s", line, strings.Repeat(" ", max(0, s.width-len(line))))
	s.width = len(line)
}

// eraseLocked makes room for a line where the progress stands.
func (s *screen) eraseLocked() {
	if s.width > 0 {
		fmt.Fprintf(s.out, "\r%s\r", strings.Repeat(" ", s.width))
		s.width = 0
	}
}

// progressLine stays under 80 characters for the first hour.
func progressLine(position, length time.Duration, m moment) string {
	place := minutes(position)
	if m.film {
		return filmLine(place, length, m)
	}
	if length > 0 {
		filled := min(int(position*barWidth/length), barWidth)
		place = fmt.Sprintf("%s/%s [%s%s]", place, minutes(length), strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled))
	}
	return fmt.Sprintf("%s %d dBov %d kbit/s %d pkt %d lost %+.1f ms", place, m.level, m.kbits, m.packets, m.lost, millis(m.drift).float())
}

func legendOf(m moment) string {
	if m.film {
		return filmLegend
	}
	return legend
}

// filmLine stays under 80 characters for the first hour; it has no bar.
func filmLine(place string, length time.Duration, m moment) string {
	if length > 0 {
		place += "/" + minutes(length)
	}
	p := m.picture
	return fmt.Sprintf("%s %d+%d kbit/s %d+%d pkt %d+%d lost %d fps %+.1f %+.1f ms", place, m.kbits, p.kbits, m.packets, p.packets, m.lost, p.lost,
		p.frames, millis(m.drift).float(), millis(p.drift).float())
}
