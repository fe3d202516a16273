//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"gotgcall"
)

const (
	sound   = gotgcall.TrackAudio
	picture = gotgcall.TrackVideo
)

func TestTheLedgerAcceptsWhatMayHappenAndNothingElse(t *testing.T) {
	a, b, c := &song{name: "a", tracks: sound}, &song{name: "b", tracks: sound}, &song{name: "c", tracks: sound}
	film, silent := &song{name: "film", tracks: both}, &song{name: "silent", tracks: picture}
	lasts := &song{name: "lasts", tracks: sound, lasts: true}
	own1 := &song{name: "own", tracks: sound, ending: &ending{"1"}}
	own2 := &song{name: "own", tracks: sound, ending: &ending{"2"}}
	natural, crash := end{track: sound}, end{sound, gotgcall.ErrFFmpegCrashed}
	lost := end{sound, fmt.Errorf("lost: %w", gotgcall.ErrConnectionFailed)}
	dark := end{track: picture}
	plays := func(name string, tracks gotgcall.Track) view { return view{name: name, tracks: tracks} }
	nothing, gone := view{}, view{gone: true}
	for name, x := range map[string]struct {
		playing *song
		open    gotgcall.Track // its tracks, if 0
		record  record
		seen    view
		want    account
		wrong   bool
	}{
		"nothing":                {seen: nothing},
		"it plays on":            {playing: a, seen: plays("a", sound)},
		"it has ended":           {playing: a, record: record{ends: []end{natural}}, seen: nothing, want: account{ended: 1}},
		"the first":              {record: record{started: []*song{b}}, seen: plays("b", sound), want: account{started: 1}},
		"a first that is over":   {record: record{started: []*song{b}, ends: []end{natural}}, seen: nothing, want: account{started: 1, ended: 1}},
		"another":                {playing: a, record: record{started: []*song{b}}, seen: plays("b", sound), want: account{started: 1, replaced: 1}},
		"another after its end":  {playing: a, record: record{started: []*song{b}, ends: []end{natural}}, seen: plays("b", sound), want: account{started: 1, ended: 1}},
		"another that is over":   {playing: a, record: record{started: []*song{b}, ends: []end{natural}}, seen: nothing, want: account{started: 1, ended: 1, replaced: 1}},
		"both are over":          {playing: a, record: record{started: []*song{b}, ends: []end{natural, crash}}, seen: nothing, want: account{started: 1, ended: 2}},
		"an end of nothing":      {record: record{ends: []end{natural}}, seen: nothing, wrong: true},
		"an end twice":           {playing: a, record: record{ends: []end{natural, natural}}, seen: nothing, wrong: true},
		"an end that is lost":    {playing: a, seen: nothing, wrong: true},
		"an end of what plays":   {playing: a, record: record{ends: []end{natural}}, seen: plays("a", sound), wrong: true},
		"a lost end of another":  {record: record{started: []*song{b}}, seen: nothing, wrong: true},
		"three ends of two":      {playing: a, record: record{started: []*song{b}, ends: []end{natural, natural, natural}}, seen: nothing, wrong: true},
		"the old one plays":      {playing: a, record: record{started: []*song{b}}, seen: plays("a", sound), wrong: true},
		"what nobody started":    {playing: a, seen: plays("b", sound), wrong: true},
		"what was refused plays": {playing: a, record: record{started: []*song{c}}, seen: plays("b", sound), wrong: true},

		"a race of two":                   {playing: a, record: record{started: []*song{b, c}}, seen: plays("b", sound), want: account{started: 2, replaced: 2}},
		"the other one has won":           {playing: a, record: record{started: []*song{b, c}}, seen: plays("c", sound), want: account{started: 2, replaced: 2}},
		"a race, with an end":             {playing: a, record: record{started: []*song{b, c}, ends: []end{natural}}, seen: plays("b", sound), want: account{started: 2, ended: 1, replaced: 1}},
		"a race after which nothing is":   {record: record{started: []*song{b, c}}, seen: nothing, wrong: true},
		"what cannot end by itself has":   {playing: lasts, record: record{started: []*song{b}, ends: []end{natural}}, seen: plays("b", sound), wrong: true},
		"or it was sought in":             {playing: lasts, record: record{started: []*song{b}, ends: []end{natural}, moved: true}, seen: plays("b", sound), want: account{started: 1, ended: 1}},
		"or the connection was lost":      {playing: lasts, record: record{ends: []end{lost}}, seen: nothing, want: account{ended: 1}},
		"an end that says whose it is":    {playing: own1, record: record{ends: []end{{sound, own1.ending}}}, seen: nothing, want: account{ended: 1}},
		"an end that says another's name": {playing: own1, record: record{started: []*song{own2}, ends: []end{{sound, own2.ending}}}, seen: plays("own", sound), wrong: true},
		"an end that does not say it":     {playing: own1, record: record{started: []*song{b}, ends: []end{natural}}, seen: plays("b", sound), wrong: true},
		"an end of another kind of song":  {playing: a, record: record{started: []*song{b}, ends: []end{{sound, own1.ending}}}, seen: plays("b", sound), wrong: true},

		"a film":                         {record: record{started: []*song{film}}, seen: plays("film", both), want: account{started: 2}},
		"both tracks end":                {playing: film, record: record{ends: []end{dark, natural}}, seen: nothing, want: account{ended: 2}},
		"the picture ends before":        {playing: film, record: record{ends: []end{dark}}, seen: plays("film", sound), want: account{ended: 1}},
		"then the sound":                 {playing: film, open: sound, record: record{ends: []end{natural}}, seen: nothing, want: account{ended: 1}},
		"the picture twice":              {playing: film, open: sound, record: record{ends: []end{dark}}, seen: plays("film", sound), wrong: true},
		"or it was brought back":         {playing: film, open: sound, record: record{ends: []end{dark}, moved: true}, seen: plays("film", sound), want: account{started: 1, ended: 1}},
		"the sound's end is lost":        {playing: film, record: record{ends: []end{dark}}, seen: nothing, wrong: true},
		"half of it is replaced":         {playing: film, open: sound, record: record{started: []*song{a}}, seen: plays("a", sound), want: account{started: 1, replaced: 1}},
		"a picture alone":                {playing: silent, record: record{ends: []end{dark}}, seen: nothing, want: account{ended: 1}},
		"a sound that it does not have":  {playing: silent, record: record{ends: []end{natural}}, seen: plays("silent", picture), wrong: true},
		"a track is missing":             {record: record{started: []*song{film}}, seen: plays("film", sound), wrong: true},
		"stopped":                        {playing: film, seen: gone, want: account{stopped: 2}},
		"just over":                      {playing: film, open: sound, record: record{ends: []end{natural}}, seen: gone, want: account{ended: 1}},
		"an end twice before Stop":       {playing: a, record: record{ends: []end{natural, natural}}, seen: gone, wrong: true},
		"an end of nothing before Stop":  {record: record{ends: []end{natural}}, seen: gone, wrong: true},
		"doubtful, and it was not there": {playing: a, record: record{doubtful: []*song{b}}, seen: gone, want: account{stopped: 1}},
		"doubtful, and its end was told": {playing: a, record: record{doubtful: []*song{b}, ends: []end{crash, natural}}, seen: gone, want: account{started: 1, ended: 2}},
		"doubtful, and it was told so":   {playing: a, record: record{doubtful: []*song{b}}, seen: nothing, want: account{replaced: 1}},
		"stopped in between":             {playing: a, record: record{started: []*song{b}, stopped: true}, seen: gone, want: account{started: 1, replaced: 1, stopped: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			l := ledger{playing: x.playing, open: x.open}
			if l.playing != nil && l.open == 0 {
				l.open = l.playing.tracks
			}
			before := l.open
			err := l.settle(x.record, x.seen)
			if (err != nil) != x.wrong || err == nil && l.account != x.want {
				t.Errorf("%+v, %v, expected %+v, wrong %v", l.account, err, x.want, x.wrong)
			}
			if playing := count(before) + l.started - l.ended - l.replaced - l.stopped; err == nil && playing != count(l.open) {
				t.Errorf("%d tracks should play, %d do", playing, count(l.open))
			}
			for _, s := range []*song{a, b, c, film, silent, lasts, own1, own2} {
				s.moved = false
			}
		})
	}
}

func TestTheBooksFollowWhatIsSeenAlsoWhenItIsWrong(t *testing.T) {
	b := &song{name: "b", tracks: sound}
	l := ledger{playing: &song{name: "a", tracks: sound}, open: sound}
	if err := l.settle(record{started: []*song{b}, ends: []end{{track: sound}, {track: sound}}}, view{name: "b", tracks: sound}); err == nil {
		t.Error("two ends of one song are accepted")
	}
	if l.playing != b || l.open != sound {
		t.Errorf("it is taken that %v of %v plays", l.open, l.playing)
	}
	if err := l.settle(record{}, view{name: "b", tracks: sound}); err != nil {
		t.Errorf("an error is told twice: %v", err)
	}
}

func TestTheVerdictNeedsSomethingOfEachAndTheLaw(t *testing.T) {
	full := books{all: account{started: 3, ended: 1, replaced: 1, stopped: 1}, accepted: 3, told: 1, listened: 1}
	for name, c := range map[string]struct {
		change func(*books)
		says   string
	}{
		"all is well":            {func(*books) {}, ""},
		"a violation":            {func(b *books) { b.violation("it hangs") }, "it hangs"},
		"a track is missing":     {func(b *books) { b.all.started++ }, "the law does not hold"},
		"an end that none knows": {func(b *books) { b.told++ }, "2 ends were told"},
		"a track that none knew": {func(b *books) { b.accepted++ }, "4 tracks were taken"},
		"nobody was listened to": {func(b *books) { b.listened = 0 }, "too short"},
		"nothing was played":     {func(b *books) { b.all, b.accepted, b.told = account{}, 0, 0 }, "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			b := &books{out: &out, all: full.all, accepted: full.accepted, told: full.told, listened: full.listened}
			c.change(b)
			err := b.verdict()
			if said := fmt.Sprintln(out.String(), err); (err != nil) != (c.says != "") || !strings.Contains(said, c.says) {
				t.Errorf("it says %s", said)
			}
		})
	}
}

func TestAnErrorThatIsNotAllowedIsAViolation(t *testing.T) {
	w := &walker{books: &books{out: io.Discard, refused: map[string]int{}}}
	w.timed("this", func() error { return fmt.Errorf("%w, alas", gotgcall.ErrBusy) })
	w.timed("that", func() error { return gotgcall.ErrConnectionNotFound })
	w.gone.Store(true)
	w.timed("that", func() error { return gotgcall.ErrConnectionNotFound })
	w.timed("the other", func() error { return errors.New("oh") })
	if len(w.books.violations) != 2 || len(w.books.refused) != 2 || w.books.operations != 4 {
		t.Errorf("%q, %v", w.books.violations, w.books.refused)
	}
}
