//go:build unix

package main

import (
	"bytes"
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
	if err := run(t.Context(), []string{"-for", "8s", "-calls", "16", "-seed", "1", "-song", "../testdata/song.mp3"}, &out); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	law := regexp.MustCompile(`songs: [1-9]\d* started = [1-9]\d* ended \+ [1-9]\d* replaced \+ [1-9]\d* stopped`)
	if text := out.String(); !law.MatchString(text) || !strings.HasPrefix(text, "seed 1: 16 calls for 8s") || strings.Count(text, "\n| ") < 5 {
		t.Errorf("it says:\n%s", text)
	}
	t.Log("\n" + out.String())
}

func TestTheLedgerAcceptsWhatMayHappenAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		playing, started, now string
		told                  int
		want                  account
		wrong                 string
	}{
		"nothing":                          {},
		"it plays on":                      {playing: "a", now: "a"},
		"it has ended":                     {playing: "a", told: 1, want: account{ended: 1}},
		"the first":                        {started: "b", now: "b", want: account{started: 1}},
		"a first that is over":             {started: "b", told: 1, want: account{started: 1, ended: 1}},
		"another":                          {playing: "a", started: "b", now: "b", want: account{started: 1, replaced: 1}},
		"another after its end":            {playing: "a", started: "b", now: "b", told: 1, want: account{started: 1, ended: 1}},
		"another that is over":             {playing: "a", started: "b", told: 1, want: account{started: 1, ended: 1, replaced: 1}},
		"both are over":                    {playing: "a", started: "b", told: 2, want: account{started: 1, ended: 2}},
		"an end of nothing":                {told: 1, wrong: "1 ends were told"},
		"an end twice":                     {playing: "a", told: 2, wrong: "2 ends were told"},
		"an end that is not told":          {playing: "a", wrong: "0 ends were told"},
		"an end of what plays":             {playing: "a", now: "a", told: 1, wrong: "1 ends were told"},
		"another whose end is not told":    {started: "b", wrong: "0 ends were told"},
		"three ends of two":                {playing: "a", started: "b", told: 3, wrong: "3 ends were told"},
		"the old one, though it is over":   {playing: "a", started: "b", now: "a", wrong: `"a" plays`},
		"what nobody has started":          {playing: "a", now: "b", wrong: `"b" plays`},
		"the first, and an end of nothing": {started: "b", now: "b", told: 1, wrong: "1 ends were told"},
	} {
		t.Run(name, func(t *testing.T) {
			l := ledger{playing: c.playing, ends: 5}
			err := l.settle(c.started, c.now, 5+c.told)
			switch {
			case c.wrong == "" && (err != nil || l.account != c.want):
				t.Errorf("%+v, %v, expected %+v", l.account, err, c.want)
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("%v, expected %q", err, c.wrong)
			}
			if l.playing != c.now || l.ends != 5+c.told {
				t.Errorf("the books do not follow what is seen: %+v", l)
			}
		})
	}
}

func TestStopClosesTheBooks(t *testing.T) {
	for name, c := range map[string]struct {
		playing string
		told    int
		want    account
		wrong   bool
	}{
		"nothing":           {},
		"a song":            {playing: "a", want: account{stopped: 1}},
		"one just over":     {playing: "a", told: 1, want: account{ended: 1}},
		"an end twice":      {playing: "a", told: 2, wrong: true},
		"an end of nothing": {told: 1, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := ledger{playing: c.playing}
			if err := l.stop(c.told); (err != nil) != c.wrong || !c.wrong && l.account != c.want {
				t.Errorf("%+v, %v, expected %+v, wrong %v", l.account, err, c.want, c.wrong)
			}
		})
	}
}

func TestAViolationAndWhatIsLeftFailTheWalk(t *testing.T) {
	full := account{started: 3, ended: 1, replaced: 1, stopped: 1}
	for name, c := range map[string]struct {
		all       account
		violation string
		left      sample
		says      string
	}{
		"all is well":        {all: full},
		"a violation":        {all: full, violation: "it hangs", says: "it hangs"},
		"a goroutine":        {all: full, left: sample{goroutines: 1}, says: "1 goroutines are there"},
		"a descriptor":       {all: full, left: sample{descriptors: 1}, says: "1 descriptors are there"},
		"a child":            {all: full, left: sample{children: 1}, says: "1 children are there"},
		"a song is missing":  {all: account{started: 4, ended: 1, replaced: 1, stopped: 1}, says: "the law does not hold"},
		"nothing was played": {says: "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &books{all: c.all}
			if c.violation != "" {
				b.violation("%s", c.violation)
			}
			var out strings.Builder
			err := b.verdict(sample{}, c.left, &out)
			if (err != nil) != (c.says != "") || !strings.Contains(out.String(), c.says) {
				t.Errorf("%v, and it says %s", err, out.String())
			}
		})
	}
}

func TestWhatHangsIsAViolationAndDoesNotHangTheSoak(t *testing.T) {
	b := &books{}
	hangs := make(chan struct{})
	b.bounded("this", time.Millisecond, func() { <-hangs })
	close(hangs)
	b.bounded("that", time.Minute, func() {})
	if len(b.violations) != 1 || b.violations[0] != "this has not come after 1ms" {
		t.Errorf("%q", b.violations)
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
