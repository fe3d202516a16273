package ffmpeg

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestStderrIsMadeFitForALog(t *testing.T) {
	long := strings.Repeat("x", tailSize)
	tests := []struct {
		name, in string
		cut      bool
		secrets  []string
		want     string
	}{
		{"lines", "one\ntwo\n", false, nil, "one\ntwo"},
		{"progress", "frame=1\rframe=2\r\n\n", false, nil, "frame=1\nframe=2"},
		{"control characters", "a\x1b[31mred\x00\tb\u0085", false, nil, "a[31mred b"},
		{"invalid UTF-8", "caf\xe9 \xff\xfe", false, nil, "caf"},
		{"a URL", "https://u:p@h/x: 403", false, nil, "https://***@h/x: 403"},
		{"a secret split by what is removed", "key hun\x01ter2", false, []string{"hunter2"}, "key ***"},
		{"cut in a line", "ter2 lost\nkept\n", true, []string{"hunter2"}, "kept"},
		{"cut in the only line", "ter2 kept\n", true, []string{"hunter2"}, "kept"},
		{"cut in a secret with spaces", "ter two three end", true, []string{"hunter two three"}, "end"},
		{"cut in one word", "ter2", true, []string{"hunter2"}, ""},
		{"cut in a URL", "en=abc: 403 Forbidden", true, nil, "403 Forbidden"},
		{"too long", "first\n" + long + "\nlast", false, nil, "last"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := newRedactor(tt.secrets).tail([]byte(tt.in), tt.cut); got != tt.want {
				t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNotesAreTakenOutOfStderr(t *testing.T) {
	const text = "error: before\nnote 1\nnote 2\r\n\nnot a note, but\nnote 3\nerror: rest"
	for size := 1; size <= len(text); size++ { // of the pieces in which it comes
		var notes []string
		tl := newTail(nil, func(line []byte) []byte {
			if strings.HasPrefix(string(line), "note ") {
				notes = append(notes, string(line))
				return nil
			}
			return bytes.TrimPrefix(line, []byte("error: "))
		}, nil)
		for piece := range slices.Chunk([]byte(text), size) {
			tl.take(piece)
		}
		tl.end()
		kept, _ := tl.bytes()
		if want := "before\n\nnot a note, but\nrest"; string(kept) != want {
			t.Errorf("in pieces of %d: %q was kept, expected %q", size, kept, want)
		}
		if want := []string{"note 1", "note 2", "note 3"}; !slices.Equal(notes, want) {
			t.Errorf("in pieces of %d: the notes were %q, expected %q", size, notes, want)
		}
	}
}

func TestALineWithoutEndDoesNotGrow(t *testing.T) {
	tl := newTail(nil, func(line []byte) []byte { return line }, nil)
	for range 10 {
		tl.take(bytes.Repeat([]byte("x"), tailSize-1))
	}
	if len(tl.line) > 2*tailSize || len(tl.buf) > tailSize {
		t.Errorf("%d bytes of the line and %d of the text are held, of a line without end", len(tl.line), len(tl.buf))
	}
}

func FuzzStderr(f *testing.F) {
	f.Add([]byte("one\ntwo\n"), "hunter2", 100)
	f.Add([]byte("\r\r\xff\x00"), "a b", 9000)
	f.Add([]byte("word word\nword"), "x\ny", 12000)
	f.Fuzz(func(t *testing.T, noise []byte, s string, split int) {
		secret := "7qZ" + clean(s) + "Zq7"
		whole := append(append([]byte{}, noise...), " "+secret+" "+strings.Repeat("z", int(uint(split)%(2*tailSize)))...)
		tl := newTail(nil, func(line []byte) []byte {
			if bytes.HasPrefix(line, []byte("word")) {
				return nil
			}
			return line
		}, nil)
		for rest := whole; len(rest) > 0; { // in pieces
			n := min(len(rest), 1+int(uint(split)%5000))
			tl.take(rest[:n])
			rest = rest[n:]
		}
		tl.end()
		if len(tl.buf) > tailSize {
			t.Fatalf("%d bytes are kept", len(tl.buf))
		}
		got := newRedactor([]string{secret}).tail(tl.bytes())
		if strings.Contains(got, secret) || tl.cut && strings.Contains(got, "Zq7") && !strings.Contains(string(noise), "Zq7") {
			t.Errorf("the secret %q is in %q", secret, got)
		}
		if len(got) > shownSize || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
			t.Errorf("not fit for a log: %q", got)
		}
	})
}
