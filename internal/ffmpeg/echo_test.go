package ffmpeg

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// echoed returns the lines that are logged of a text which comes in pieces.
func echoed(t testing.TB, text string, size int, secrets ...string) (lines []string) {
	t.Helper()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "line" {
			lines = append(lines, a.Value.String())
		}
		return a
	}}))
	tl := newTail(nil, nil, &echo{log: log, redactor: newRedactor(secrets)})
	for piece := range slices.Chunk([]byte(text), size) {
		tl.take(piece)
	}
	tl.end()
	return lines
}

func TestEachLineOfStderrIsLoggedOnce(t *testing.T) {
	const text = "one\n\ntwo\r\nframe= 1\rframe= 2\r\x1b[31mred\x1b[0m\nkey planted-key is wrong\nrest"
	for size := 1; size <= len(text); size++ {
		got := echoed(t, text, size, "planted-key")
		want := []string{"one", "two", "frame= 1", "frame= 2", "[31mred[0m", "key *** is wrong", "rest"}
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, expected %q", size, got, want)
		}
	}
}

func TestALineThatIsTooLongIsNotCutInTheMiddleOfASecret(t *testing.T) {
	long := strings.Repeat("x", longestLine-5) + "planted-key"
	for _, size := range []int{1, 100, len(long)} {
		got := echoed(t, "before\n"+long+"\nafter", size, "planted-key")
		if want := []string{"before", "(a line of 4102 bytes)", "after"}; !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, expected %q", size, got, want)
		}
	}
}

func FuzzEcho(f *testing.F) {
	f.Add("one\ntwo", "hunter2", 3)
	f.Add("\r\r\xff\x00", "a b", 1)
	f.Add(strings.Repeat("z", 2*longestLine), "\xff", 100)
	f.Fuzz(func(t *testing.T, noise, s string, size int) {
		secret := "7qZ" + clean(s) + "Zq7"
		for _, line := range echoed(t, noise+" "+secret+" "+noise, 1+int(uint(size)%5000), secret) {
			if strings.Contains(line, secret) || len(line) > 2*longestLine {
				t.Errorf("the line %q holds the secret, or is too long", line)
			}
		}
	})
}
