package sfutest

import (
	"slices"
	"testing"
	"time"
)

// piece is a packet of a video whose frames are 1/30 s apart.
type piece struct {
	frame              int
	start, inter, last bool
	missing            int // packets in front of it
	padding, anew      bool
	late               time.Duration
	ask                bool // a PLI goes out in front of it
}

// whole returns the pieces of frames of one packet.
func whole(from, to int, inter bool) (list []piece) {
	for i := from; i < to; i++ {
		list = append(list, piece{frame: i, start: true, inter: inter, last: true})
	}
	return list
}

// look runs packets through the checks.
func look(t *testing.T, packets []piece, opts ...Option) ([]ViolationKind, *pictures) {
	t.Helper()
	cfg, err := newConfig(opts)
	must(t, err)
	var l ledger
	v := newPictures(cfg, &l, &stallMeter{})
	for i, piece := range packets {
		at := time.Unix(1000, 0).Add(time.Duration(piece.frame)*time.Second/30 + piece.late)
		p := Packet{Seq: uint16(i), Timestamp: uint32(3000 * piece.frame), Marker: piece.last, Arrival: at, read: at, anew: piece.anew}
		if !piece.padding {
			p.Payload = vp8Payload(piece.start, !piece.inter, piece.frame)
			p.Size = len(p.Payload)
		}
		if piece.ask {
			v.requested(at)
		}
		v.next(&p, gap{lost: piece.missing})
	}
	return kinds(l.list()), v
}

func TestWhatIsMissingIsNotHeldAgainstTheFrames(t *testing.T) {
	for name, c := range map[string]struct {
		packets  []piece
		opts     []Option
		want     []ViolationKind
		complete int64
	}{
		"a start that is missing": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 1, inter: true, last: true, missing: 1}, {frame: 2, start: true, inter: true, last: true},
		}, complete: 2},
		"the middle of a frame that is missing": {packets: []piece{
			{frame: 0, start: true}, {frame: 0, last: true, missing: 1}, {frame: 1, start: true, inter: true, last: true},
		}, complete: 1},
		"two frames that are missing": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 3, start: true, inter: true, last: true, missing: 2},
		}, complete: 2},
		"more frames than packets that are missing": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 4, start: true, inter: true, last: true, missing: 2},
		}, complete: 2, want: []ViolationKind{ViolationPictureID}},
		"a frame that is missing in front of padding": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 1, padding: true, missing: 1}, {frame: 2, padding: true}, {frame: 2, start: true, inter: true, last: true},
		}, complete: 2},
		"the first packet, which may be missing where packets overtake each other": {
			packets: []piece{{frame: 0, last: true}, {frame: 1, start: true, inter: true, last: true}},
			opts:    []Option{WithReorder(0.1, time.Second)}, complete: 1,
		},
		"the first packet, which may be missing where packets get lost": {
			packets: []piece{{frame: 0, last: true}, {frame: 1, start: true, inter: true, last: true}}, opts: []Option{WithLoss(0.1)}, complete: 1,
		},
		"a new beginning in front of which something is missing": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 2, start: true, inter: true, last: true, missing: 1, anew: true},
		}, complete: 2},
		"the first packet of a new beginning, which the second one has overtaken": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 1, start: true, late: time.Millisecond}, {frame: 1, last: true, anew: true},
			{frame: 2, start: true, inter: true, last: true},
		}, complete: 3},
		"the first frame of a new beginning, which the second one has overtaken": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 1, start: true, last: true, late: 40 * time.Millisecond},
			{frame: 2, start: true, inter: true, last: true, anew: true},
		}, complete: 3},
		"a new beginning without a key frame": {packets: []piece{
			{frame: 0, start: true, last: true}, {frame: 1, start: true, inter: true, last: true, anew: true},
		}, complete: 2, want: []ViolationKind{ViolationNoKeyFrame}},
	} {
		if got, v := look(t, c.packets, c.opts...); !slices.Equal(got, c.want) || v.stats.Complete != c.complete {
			t.Errorf("%s: %v, %d complete", name, got, v.stats.Complete)
		}
	}
}

func TestAKeyFrameThatMayBeMissingOrWasNotAskedForIsNoViolation(t *testing.T) {
	asked := func(packets ...piece) []piece {
		list := append([]piece{{frame: 0, start: true, last: true}, {frame: 1, start: true, inter: true, last: true, ask: true}}, packets...)
		last := list[len(list)-1].frame
		return append(list, whole(last+1, last+100, true)...)
	}
	for name, c := range map[string]struct {
		packets []piece
		opts    []Option
		want    []ViolationKind
	}{
		"not answered":            {packets: asked(), want: []ViolationKind{ViolationKeyFrameRequest}},
		"not asked for":           {packets: append(whole(0, 1, false), whole(1, 100, true)...)},
		"missing":                 {packets: asked(piece{frame: 3, start: true, inter: true, last: true, missing: 1})},
		"where requests get lost": {packets: asked(), opts: []Option{WithLoss(0.01)}},
		"within a longer time":    {packets: asked(), opts: []Option{WithTolerances(Tolerances{KeyFrame: 4 * time.Second})}},
		"where everything takes long": {
			packets: asked(), opts: []Option{WithDelay(500 * time.Millisecond)},
		},
	} {
		if got, _ := look(t, c.packets, c.opts...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDelaysOfTheServerComeOnTopOfTheLimits(t *testing.T) {
	cfg, err := newConfig([]Option{WithDelay(400 * time.Millisecond), WithReorder(0.1, 100*time.Millisecond)})
	must(t, err)
	if got := cfg.tolerances; got.KeyFrame != 3500*time.Millisecond || got.Padding != 3500*time.Millisecond || got.ReportGap != 3500*time.Millisecond {
		t.Errorf("%+v", got)
	}
}

func TestAStallExcusesABurstOfPackets(t *testing.T) {
	at := time.Unix(1000, 0)
	for _, stalled := range []bool{true, false} {
		cfg, err := newConfig(nil)
		must(t, err)
		var l ledger
		var m stallMeter
		if stalled {
			m.tick(at.Add(-time.Second))
			m.tick(at)
		}
		v := newPictures(cfg, &l, &m)
		for i := range 60 {
			v.next(&Packet{
				Seq: uint16(i), Marker: i == 59, Arrival: at, read: at, Size: 104, Payload: vp8Payload(i == 0, true, 0), Extensions: Extensions{IDs: 1 << 2},
			}, gap{})
		}
		if got := l.list(); (len(got) == 0) != stalled {
			t.Errorf("stalled %v: %v", stalled, got)
		}
	}
}

func TestTheVideoBeginsAnewWhereThereWasSoundAlone(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(1000, 0).Add(time.Duration(seconds) * time.Second / 2) }
	for name, c := range map[string]struct {
		sound   [2]int // half seconds
		padding bool
		want    time.Duration
	}{
		"sound all the time":          {[2]int{0, 20}, false, 10 * time.Second},
		"and padding":                 {[2]int{0, 20}, true, 10 * time.Second},
		"silence at first":            {[2]int{14, 20}, false, 3 * time.Second},
		"silence at the end: a pause": {[2]int{0, 14}, false, 0},
		"no sound":                    {[2]int{0, 0}, false, 0},
	} {
		var s silence
		s.picture(at(0), false)
		for i := c.sound[0]; i < c.sound[1]; i++ {
			s.sound(at(i))
			if c.padding && i%4 == 0 {
				s.picture(at(i), true)
			}
		}
		if got := s.picture(at(20), false); got != c.want {
			t.Errorf("%s: %v, expected %v", name, got, c.want)
		}
	}
}

func TestTheTimelineForgivesWhatIsMissingInFrontOfPadding(t *testing.T) {
	var l ledger
	tl := timeline{media: MediaVideo, rate: 90000, ledger: &l, stalls: &stallMeter{}, tolerances: &Tolerances{}}
	tl.tolerances.fill()
	at := time.Unix(1000, 0)
	tl.next(&Packet{Seq: 1, Size: 1, Arrival: at, read: at}, gap{})
	tl.next(&Packet{Seq: 3, Timestamp: 3000, Arrival: at, read: at}, gap{missing: 1}) // padding; the frame's last packet is missing
	tl.next(&Packet{Seq: 4, Timestamp: 3000, Size: 1, Marker: true, Arrival: at, read: at}, gap{})
	if got := l.list(); len(got) > 0 {
		t.Errorf("%v", got)
	}
	tl.next(&Packet{Seq: 5, Timestamp: 6000, Size: 1, Arrival: at, read: at}, gap{})
	tl.next(&Packet{Seq: 6, Timestamp: 9000, Size: 1, Arrival: at, read: at}, gap{})
	if got := kinds(l.list()); !slices.Equal(got, []ViolationKind{ViolationTimestamp}) {
		t.Errorf("%v for a frame without a marker", got)
	}
}
