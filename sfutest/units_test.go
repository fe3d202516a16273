package sfutest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Option{
		"listen address without port":   WithListenAddr("127.0.0.1"),
		"listen address with a name":    WithListenAddr("localhost:0"),
		"unspecified address":           WithListenAddr("0.0.0.0:0"),
		"unspecified IPv6 address":      WithListenAddr("[::]:0"),
		"join timeout 0":                WithJoinTimeout(0),
		"record limit -1":               WithRecordLimit(-1),
		"ICE mode 99":                   WithICEMode(99),
		"slow start -1":                 WithSlowStart(-1),
		"consent 0":                     WithConsent(0, 1, 1),
		"consent backwards":             WithConsent(2, 1, 1),
		"consent timeout 0":             WithConsent(1, 1, 0),
		"SRTP 99":                       WithSRTP(99),
		"no hash":                       WithHashes(),
		"hash md5":                      WithHashes("md5"),
		"wrong hash md5":                WithWrongHashes("md5"),
		"stall -1":                      WithDTLSStall(-1),
		"reports -1":                    WithReports(-1),
		"feedback -1":                   WithFeedback(-1),
		"random PLI -1":                 WithRandomPLI(-1),
		"pretended loss 2":              WithPretendedLoss(2),
		"loss -0.1":                     WithLoss(-0.1),
		"loss NaN":                      WithLoss(math.NaN()),
		"delay -1":                      WithDelay(-1),
		"reorder 2":                     WithReorder(2, 1),
		"reorder by -1":                 WithReorder(0, -1),
		"duplicate 2":                   WithDuplicate(2),
		"tolerance -1":                  WithTolerances(Tolerances{Burst: -1}),
		"an address of another machine": WithListenAddr("192.0.2.1:0"),
	} {
		s, err := NewServer(o)
		if err == nil {
			t.Errorf("%s: no error", name)
			_ = s.Close()
		} else if !errors.Is(err, models.ErrInvalidParams) && !strings.Contains(err.Error(), "192.0.2.1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpusDurations(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		ms     float64
	}{
		{[]byte{0 << 3}, 10}, {[]byte{3 << 3}, 60}, {[]byte{9 << 3}, 20}, {[]byte{12 << 3}, 10}, {[]byte{15 << 3}, 20}, {[]byte{16 << 3}, 2.5},
		{[]byte{30 << 3}, 10}, {[]byte{31<<3 | 1}, 40}, {[]byte{31<<3 | 2}, 40}, {[]byte{31<<3 | 3, 3}, 60}, {[]byte{31<<3 | 3, 0x80 | 6}, 120},
		{nil, 0}, {[]byte{3}, 0}, {[]byte{31<<3 | 3, 0}, 0}, {[]byte{31<<3 | 3, 7}, 0}, {[]byte{3<<3 | 3, 3}, 0},
	} {
		if got := opusTicks(c.packet); got != int(c.ms*48) {
			t.Errorf("% x takes %d ticks, expected %v ms", c.packet, got, c.ms)
		}
	}
}

// order pushes sequence numbers, a second apart from the clock's point of view when the number is 0, and returns what comes out.
func order(q *sequencer[uint16], seqs ...uint16) string {
	now := time.Unix(0, 0)
	var out []string
	for _, seq := range seqs {
		if seq == 0 {
			now = now.Add(time.Second)
		} else if _, how := q.push(seq, seq, now); how != arrivalFresh {
			out = append(out, fmt.Sprintf("%d:%d", seq, how))
		}
		for {
			item, before, ok := q.pop(now)
			if !ok {
				break
			}
			if before != (gap{}) {
				out = append(out, fmt.Sprintf("(%d lost, %d missing)", before.lost, before.missing))
			}
			out = append(out, fmt.Sprint(item))
		}
	}
	return strings.Join(out, " ")
}

func TestSequencer(t *testing.T) {
	for _, c := range []struct {
		name      string
		explained []uint16
		seqs      []uint16
		want      string
	}{
		{"in order", nil, []uint16{7, 8, 9}, "7 8 9"},
		{"around zero", nil, []uint16{65534, 65535, 1}, "65534 65535"},
		{"reordered", nil, []uint16{7, 9, 8, 10}, "7 8 9 10"},
		{"missing", nil, []uint16{7, 9, 10, 0}, "7 (0 lost, 1 missing) 9 10"},
		{"two gaps", nil, []uint16{7, 9, 12, 0}, "7 (0 lost, 1 missing) 9 (0 lost, 2 missing) 12"},
		{"explained", []uint16{8}, []uint16{7, 9}, "7 (1 lost, 0 missing) 9"},
		{"explained in part", []uint16{8}, []uint16{7, 10, 0}, "7 (1 lost, 1 missing) 10"},
		{"explained, and here after all", []uint16{8}, []uint16{7, 8, 9}, "7 8:1 (1 lost, 0 missing) 9"},
		{"twice", nil, []uint16{7, 7, 8, 8}, "7 7:2 8 8:2"},
		{"twice while held", nil, []uint16{7, 9, 9, 8}, "7 9:2 8 9"},
		{"too late", nil, []uint16{7, 9, 0, 8, 8}, "7 (0 lost, 1 missing) 9 8:1 8:2"},
		{"before the first", nil, []uint16{7, 6, 8}, "7 6:1 8"},
		{"before the first, all reordered", nil, []uint16{9, 7, 8, 8, 6, 10}, "9 7:1 8:1 8:2 6:1 10"},
		{"a jump", nil, []uint16{7, 20007, 20008}, "7 20007:3 20007 20008"},
		{"a jump back", nil, []uint16{20007, 7, 8}, "20007 7:3 7 8"},
	} {
		q := newSequencer[uint16](500 * time.Millisecond)
		for _, seq := range c.explained {
			q.explain(seq) // before the first item, as when the earlier ones are still under way
		}
		if got := order(q, c.seqs...); got != c.want {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
}

func TestSequencerDoesNotGrow(t *testing.T) {
	q := newSequencer[uint16](time.Hour)
	now := time.Unix(0, 0)
	for i := range 300_000 {
		switch seq := uint16(i); {
		case i%3 == 1:
			q.explain(seq)
		case i%7 == 1: // missing
		default:
			q.push(seq, seq, now)
		}
		for {
			if _, _, ok := q.pop(now); !ok {
				break
			}
		}
		if n := len(q.pending) + len(q.passed) + len(q.explained) + cap(q.waiting); n > 2*maxSequenceJump {
			t.Fatalf("%d entries after %d numbers", n, i)
		}
	}
}

func TestClocks(t *testing.T) {
	for _, when := range []time.Time{time.Unix(0, 0), time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := fromNTP(toNTP(when)); got.Sub(when).Abs() > time.Microsecond {
			t.Errorf("%v became %v", when, got)
		}
	}
	if got := ticks(100*365*24*time.Hour+time.Second/2, 90000); got != 100*365*24*3600*90000+45000 {
		t.Errorf("a century has %d ticks", got)
	}
	if got := duration(-90001, 90000); got != -time.Second-11111*time.Nanosecond {
		t.Errorf("-90001 ticks are %v", got)
	}
	for _, wall := range []int64{0, 1 << 31, 1 << 33, 12345678901} { // whatever the cycles
		if got := mediaTime(100, 100+uint32(wall)+5, wall); got != wall+5 {
			t.Errorf("%d ticks later it is %d", wall, got)
		}
	}
}

func TestRingKeepsTheLatest(t *testing.T) {
	r := ring[int]{limit: 3}
	for i := range 5 {
		r.push(i)
	}
	if !slices.Equal(r.all(), []int{2, 3, 4}) || r.oldest() != 2 || r.at(3) != 3 {
		t.Errorf("kept %v from %d on", r.all(), r.oldest())
	}
}

func TestStallsAreExcused(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	var m stallMeter
	for _, tick := range []int{0, 20, 40, 1040, 1060, 1080, 1125} {
		m.tick(at(tick))
	}
	for _, c := range []struct{ from, to, want int }{
		{1040, 1041, 980}, // right behind the stall
		{0, 45, 980},      // it began within a tick
		{0, 10, 0},        // before it
		{3000, 3001, 980}, // within its reach, until the reading at 3 s adds its own
		{3045, 3046, 0},   // beyond it
		{1100, 1300, 980}, // 25 ms late are no stall
	} {
		got := m.excuse(at(c.from), at(c.to))
		if late := at(c.to).Sub(m.last) - stallTick; late > stallFloor {
			got -= late // no tick for so long counts too
		}
		if got != time.Duration(c.want)*time.Millisecond {
			t.Errorf("from %d to %d ms: %v, expected %d ms", c.from, c.to, got, c.want)
		}
	}
	if got := m.excuse(at(1900), at(1925)); got != 980*time.Millisecond+780*time.Millisecond {
		t.Errorf("a stall that is under way: %v", got)
	}
	var none stallMeter
	if got := none.excuse(at(0), at(5000)); got != 0 {
		t.Errorf("a meter that does not run excuses %v", got)
	}
}

func TestStallExcusesABurst(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, stalled := range []bool{true, false} {
		var l ledger
		tl := timeline{media: MediaAudio, rate: 48000, ledger: &l, stalls: &stallMeter{}, tolerances: &Tolerances{}}
		tl.tolerances.fill()
		if stalled {
			tl.stalls.tick(now.Add(2 * time.Second))
			tl.stalls.tick(now.Add(2990 * time.Millisecond))
		}
		for i := range 300 {
			due := now.Add(time.Duration(i) * 20 * time.Millisecond)
			if due.After(now.Add(2*time.Second)) && due.Before(now.Add(3*time.Second)) {
				due = now.Add(3 * time.Second)
			}
			tl.next(&Packet{Timestamp: uint32(i) * 960, Arrival: due, read: due, Size: 160, Payload: opus20}, gap{})
		}
		if v := l.list(); (len(v) == 0) != stalled {
			t.Errorf("stalled %v: %v", stalled, v)
		}
	}
}

// timelineOf runs packets through a timeline: packet i is read at the time that at returns for it, and lasts so many ticks. It says that it was sent in time.
func timelineOf(stalls *stallMeter, n int, ticks uint32, at func(i int) (time.Time, bool)) []Violation {
	var l ledger
	tl := timeline{media: MediaVideo, rate: 48000, ledger: &l, stalls: stalls, tolerances: &Tolerances{}}
	tl.tolerances.fill()
	for i := range n {
		when, rtx := at(i)
		sent := Extensions{IDs: 1 << jsonparams.ExtAbsSendTime, AbsSendTime: uint32(int64(i)*int64(ticks)*absSendRate/tl.rate) % (1 << absSendTimeLen)}
		tl.next(&Packet{Timestamp: uint32(i) * ticks, Arrival: when, read: when, Size: 1, Marker: true, Retransmitted: rtx, Extensions: sent}, gap{})
	}
	return l.list()
}

func TestBurstsAreMeasuredInMediaTime(t *testing.T) {
	start := time.Unix(1000, 0)
	for together, want := range map[int]bool{25: false, 27: true} {
		got := timelineOf(&stallMeter{}, 1000, 960, func(i int) (time.Time, bool) {
			if i > 600 && i < 600+together {
				i = 600
			}
			return start.Add(time.Duration(i) * 20 * time.Millisecond), false
		})
		if slices.Contains(kinds(got), ViolationPacing) != want {
			t.Errorf("%d packets of 20 ms at once: %v", together, got)
		}
	}
	got := timelineOf(&stallMeter{}, 3000, 960, func(i int) (time.Time, bool) { // 1 % too slow, and every 10 s back in time
		return start.Add(time.Duration(i)*20*time.Millisecond + time.Duration(i%500)*200*time.Microsecond), false
	})
	if len(got) != 0 {
		t.Errorf("jitter of 100 ms: %v", got)
	}
}

func TestStallBeforeTheFirstPacketIsExcused(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, stalled := range []bool{true, false} {
		var m stallMeter
		if stalled {
			m.tick(start.Add(-10 * time.Millisecond))
			m.tick(start.Add(1500 * time.Millisecond))
		}
		got := timelineOf(&m, 500, 960, func(i int) (time.Time, bool) {
			due := start.Add(time.Duration(i) * 20 * time.Millisecond)
			if first := start.Add(1500 * time.Millisecond); due.Before(first) {
				due = first
			}
			if stalled {
				m.tick(due)
			}
			return due, false
		})
		if (len(got) == 0) != stalled {
			t.Errorf("stalled %v: %v", stalled, got)
		}
	}
}

func TestRetransmissionsAreLateByNature(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, rtx := range []bool{true, false} {
		got := timelineOf(&stallMeter{}, 100, 960, func(i int) (time.Time, bool) {
			when := start.Add(time.Duration(i) * 20 * time.Millisecond)
			if i == 50 {
				return when.Add(800 * time.Millisecond), rtx
			}
			return when, false
		})
		if (len(got) == 0) != rtx {
			t.Errorf("retransmitted %v: %v", rtx, got)
		}
	}
}

func TestSequencerHoldsBoundedlyMany(t *testing.T) {
	q := newSequencer[uint16](time.Hour)
	now := time.Unix(0, 0)
	q.push(1, 1, now)
	q.pop(now)
	out := 0
	for seq := uint16(3); seq < 3+2*maxHeld; seq++ {
		q.push(seq, seq, now)
		for _, _, ok := q.pop(now); ok; _, _, ok = q.pop(now) {
			out++
		}
	}
	if out != 2*maxHeld {
		t.Errorf("%d of %d items came out behind one that is missing", out, 2*maxHeld)
	}
}

func TestHugeGapsAreNotAskedFor(t *testing.T) {
	now := time.Unix(0, 0)
	for missing, want := range map[uint16]int{5: 5, maxNacks: maxNacks, maxNacks + 1: 0} {
		cfg, err := newConfig(nil)
		must(t, err)
		s := newStream(cfg, &ledger{}, &stallMeter{}, &dropMeter{}, 2, MediaVideo)
		s.receive(Packet{SSRC: 2, Seq: 100, Arrival: now, read: now}, false)
		l := nackList{}
		l.arrived(videoPacket{2, 101 + missing}, s, now)
		if len(l) != want {
			t.Errorf("%d of %d missing packets are asked for, expected %d", len(l), missing, want)
		}
	}
}

func TestOggLeavesOutWhatComesTooLate(t *testing.T) {
	var file bytes.Buffer
	o := newOggWriter(&file)
	for _, stamp := range []uint32{960, 1920, 960, 0, 2880, 2900, 3840} {
		o.write(&Packet{Timestamp: stamp, Payload: opus20})
	}
	must(t, o.close())
	positions, _ := readOgg(t, file.Bytes())
	if !slices.Equal(positions, []uint64{960, 1920, 2880, 3840}) {
		t.Errorf("pages end at %v", positions)
	}
	last := bytes.LastIndex(file.Bytes(), []byte("OggS"))
	if kind := file.Bytes()[last+5]; kind != oggLast || bytes.Count(file.Bytes(), []byte{'O', 'g', 'g', 'S', 0, oggLast}) != 1 {
		t.Errorf("the last page is of type %d", kind)
	}
}

func TestStallsAreMeasuredInRealTimeOnly(t *testing.T) {
	s, _ := quiet(t)
	ticked := func(s *Server) bool {
		s.stalls.mu.Lock()
		defer s.stalls.mu.Unlock()
		return !s.stalls.last.IsZero()
	}
	for deadline := time.Now().Add(10 * time.Second); !ticked(s); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is measured")
		}
	}
	inFakeTime(t, func(t *testing.T, w *world) {
		time.Sleep(time.Second)
		if ticked(w.server) {
			t.Error("stalls are measured in fake time")
		}
	})
}

func TestExtensionBlocks(t *testing.T) {
	for _, c := range []struct {
		name    string
		profile uint16
		block   []byte
		want    string
	}{
		{"one byte", 0xbede, []byte{0x10, 0x94, 0x31, 1, 2, 0, 0, 0}, "1:94 3:0102 "},
		{"padding between", 0xbede, []byte{0x10, 0x94, 0, 0, 0x31, 1, 2, 0}, "1:94 3:0102 "},
		{"stop", 0xbede, []byte{0x10, 0x94, 0xf0, 0x31, 1, 2, 0, 0}, "1:94 "},
		{"cut", 0xbede, []byte{0x10, 0x94, 0x33, 1}, "1:94 0: "},
		{"two bytes", 0x1000, []byte{1, 1, 0x94, 200, 0, 0, 3, 1}, "1:94 200: 0: "},
		{"two bytes, cut", 0x1000, []byte{1, 1, 0x94, 5}, "1:94 0: "},
		{"another profile", 0x1234, []byte{1, 1, 0x94, 5}, "0: "},
		{"only padding", 0xbede, []byte{0, 0, 0, 0}, ""},
		{"empty", 0xbede, nil, ""},
	} {
		b := append(make([]byte, 12), byte(c.profile>>8), byte(c.profile), 0, byte(len(c.block)/4))
		var got string
		for id, value := range extensions(append(b, c.block...), &rtp.Header{Extension: true, ExtensionProfile: c.profile}) {
			got += fmt.Sprintf("%d:%x ", id, value)
		}
		if got != c.want {
			t.Errorf("%s: %q, expected %q", c.name, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for k := ViolationKind(1); k < violationKinds; k++ {
		if name := k.String(); name == "" || seen[name] || strings.Contains(name, "(") {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[k.String()] = true
	}
	for want, got := range map[string]fmt.Stringer{
		"ViolationKind(0)": ViolationKind(0), "ViolationKind(200)": ViolationKind(200), "audio": MediaAudio, "Media(9)": Media(9),
		"nominated": PhaseNominated, "unknown": Phase(99), "to server": ToServer, "to client": ToClient,
		"pacing burst ×2, first: x": Violation{ViolationPacing, 2, "x"},
	} {
		if got.String() != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

func TestFIDGroupsTellTheSSRCs(t *testing.T) {
	p := testPayload(1, 2, 3)
	p.SSRCGroups[0].Semantics = "SIM"
	p.SSRCGroups[0].Sources = []uint32{2, 4}
	p.SSRCGroups = append(p.SSRCGroups, testPayload(1, 2, 3).SSRCGroups[0], testPayload(1, 4, 5).SSRCGroups[0])
	got := declared(p)
	for ssrc, want := range map[uint32]Media{1: MediaAudio, 2: MediaVideo, 3: MediaRTX, 4: MediaVideo, 5: MediaRTX, 6: MediaUndeclared} {
		if got[ssrc] != want {
			t.Errorf("SSRC %d is %s, expected %s", ssrc, got[ssrc], want)
		}
	}
}
