//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gotgcall/internal/leak"
)

// The test binary is the fake ffmpeg too.
func TestMain(m *testing.M) {
	if isFake() {
		os.Exit(fake(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func TestAShortWalkKeepsTheLawAndLeavesNothing(t *testing.T) {
	leak.Check(t)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-for", "8s", "-calls", "16", "-seed", "1", "-song", "../testdata/song.mp3"}, &out)
	if err != nil && !errors.Is(err, errTooShort) { // how far it comes, the machine decides
		t.Errorf("%v\n%s", err, &out)
	}
	law := regexp.MustCompile(`tracks: \d+ started = \d+ ended \+ \d+ replaced \+ \d+ stopped\nheard: \d`)
	if text := out.String(); !law.MatchString(text) || !strings.HasPrefix(text, "seed 1: 16 calls for 8s") || strings.Count(text, "\n| ") < 5 {
		t.Errorf("it says:\n%s", text)
	}
	t.Log("\n" + out.String())
}

func TestWhatHangsIsAViolationAndDoesNotHangTheSoak(t *testing.T) {
	var out strings.Builder
	b := &books{out: &out}
	hangs := make(chan struct{})
	b.bounded("this", time.Millisecond, func() { <-hangs })
	close(hangs)
	b.bounded("that", time.Minute, func() {})
	const wrong = "this has not come after 1ms"
	if len(b.violations) != 1 || b.violations[0] != wrong || strings.Count(out.String(), wrong) != 1 {
		t.Errorf("%q, told as %q", b.violations, &out)
	}
}

func TestFlagsOutOfRangeAreNamed(t *testing.T) {
	for arg, says := range map[string]string{"-for=1ms": "-for 1ms", "-calls=0": "-calls 0", "-loss=1": "-loss 1"} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{arg}, &out); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected %q", arg, err, says)
		}
	}
}
