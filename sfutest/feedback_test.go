package sfutest

import (
	"bytes"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestFeedbackComesAtItsIntervals(t *testing.T) {
	for name, c := range map[string]struct {
		opts []Option
		want map[string]int // in 10 s of audio and then 10 s of video; -1: some
	}{
		"by default":        {nil, map[string]int{"RR": 40, "TWCC": 200, "PLI": 1, "NACK": 0}},
		"no reports":        {[]Option{WithReports(0)}, map[string]int{"RR": 0, "TWCC": 200}},
		"every 2 s":         {[]Option{WithReports(2 * time.Second)}, map[string]int{"RR": 20}},
		"no feedback":       {[]Option{WithFeedback(0)}, map[string]int{"TWCC": 0, "RR": 40}},
		"every 500 ms":      {[]Option{WithFeedback(500 * time.Millisecond)}, map[string]int{"TWCC": 40}},
		"no PLI":            {[]Option{WithoutPLI()}, map[string]int{"PLI": 0}},
		"PLIs at random":    {[]Option{WithRandomPLI(time.Second)}, map[string]int{"PLI": -1}},
		"pretended losses":  {[]Option{WithPretendedLoss(0.1)}, map[string]int{"NACK": -1}},
		"none of the video": {[]Option{WithoutNACK()}, map[string]int{"NACK": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				p.play(500, nil)
				p.film(300, nil)
				for kind, want := range c.want {
					got := p.count(kind)
					if want < 0 && got < 3 || want >= 0 && (got < want-want/10 || got > want+want/10+1) || want == 0 && got > 0 {
						t.Errorf("%d of %s, expected %d", got, kind, want)
					}
				}
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			}, c.opts...)
		})
	}
}

func TestControlsReachTheClient(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(10, nil)
		had := p.count("PLI")
		must(t, e.SendPLI())
		must(t, e.SendFIR())
		must(t, e.SendREMB(500_000))
		must(t, e.SendNACK(e.VideoSSRC(), p.video.seq-2, p.video.seq-3))
		must(t, e.SendRTCPBytes([]byte{0x81, 206, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5}))
		must(t, e.SendJunk([]byte("junk")))
		must(t, e.SendJunk([]byte{0x80, 111, 1, 2, 3}))
		must(t, e.SendForeignRTP(77, 20))
		settle()
		if p.count("PLI") != had+1 || p.count("FIR") != 1 || p.count("REMB") == 0 || !slices.Equal(p.receivedNACKs, []uint16{p.video.seq - 2, p.video.seq - 3}) {
			t.Errorf("received %v, NACKs %v", p.received, p.receivedNACKs)
		}
		if c := e.Counters(); c.PLIs != 2 || c.FIRs != 1 || c.NACKs != 2 {
			t.Errorf("%+v", c)
		}
		if s := e.Stats(e.RTXSSRC()); s.Packets != 2 || s.Media != MediaRTX {
			t.Errorf("retransmissions: %+v", s)
		}
		if s := e.Stats(e.VideoSSRC()); s.Packets != 30 || s.Duplicates != 2 || s.Recovered != 0 {
			t.Errorf("video: %+v", s)
		}
		if err := e.SendRTCPBytes([]byte{1}); err == nil {
			t.Error("one byte was sent as RTCP")
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

func TestForeignRTPIsSentEncrypted(t *testing.T) {
	var foreign atomic.Int64
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		must(t, e.SendForeignRTP(77, 20))
		settle()
		p.play(10, nil)
		settle()
		if n := foreign.Load(); n != 20 || e.Stats(e.AudioSSRC()).Packets != 10 {
			t.Errorf("%d packets of another participant sent, %+v received", n, e.Stats(e.AudioSSRC()))
		}
	}, WithDrop(func(d Direction, b []byte) bool {
		var h rtp.Header
		if d == ToClient && isRTP(b[0]) && !isRTCP(b) {
			if size, err := h.Unmarshal(b); err == nil && h.SSRC == 77 && h.PayloadType == 111 && h.GetExtension(1) != nil &&
				!bytes.Contains(b[size:], []byte{0xf8, 0xff, 0xfe}) && len(b) == size+3+16 {
				foreign.Add(1)
			}
		}
		return false
	}))
}

// TestPaddingKeepsSilentVideoAlive has a client that declared video, sends none, and pads its SSRC every 2 s (docs/WIRE.md §5).
func TestPaddingKeepsSilentVideoAlive(t *testing.T) {
	for name, opts := range map[string][]Option{"normal": nil, "sink": {WithSink()}} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				for range 10 {
					p.sendPadding()
					time.Sleep(2 * time.Second)
				}
				s := e.Stats(e.VideoSSRC())
				if frames, incomplete := e.Frames(); s.Packets != 10 || s.Bytes != 0 || len(frames) > 0 || incomplete > 0 || p.count("PLI") > 0 {
					t.Errorf("%+v, %d frames, %d incomplete, %d PLIs", s, len(frames), incomplete, p.count("PLI"))
				}
				p.film(60, nil)
				p.sendPadding()
				settle()
				if frames, incomplete := e.Frames(); opts == nil && (len(frames) != 60 || incomplete > 0) || p.count("PLI") != 1 {
					t.Errorf("%d frames, %d incomplete, %d PLIs", len(frames), incomplete, p.count("PLI"))
				}
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			}, opts...)
		})
	}
}

func TestLostVideoIsRecovered(t *testing.T) {
	for name, opts := range map[string][]Option{
		"pretended":          {WithPretendedLoss(0.1)},
		"of the network":     {WithLoss(0.1), WithDelay(50 * time.Millisecond)},
		"twice as many":      {WithPretendedLoss(0.2), WithSeed(9)},
		"both and reordered": {WithPretendedLoss(0.05), WithLoss(0.05), WithReorder(0.05, 20*time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				p.readers.Go(func() { p.play(900, nil) })
				p.film(600, nil)
				time.Sleep(3 * time.Second)
				if audio := e.Stats(e.AudioSSRC()); audio.Injected > 0 && len(opts) == 1 {
					t.Errorf("losses of video are pretended: %+v", audio)
				}
				if c := e.Counters(); name == "pretended" && c.NACKs != e.Stats(e.VideoSSRC()).Recovered {
					t.Errorf("%d NACKs for %d packets", c.NACKs, e.Stats(e.VideoSSRC()).Recovered)
				}
				s := e.Stats(e.VideoSSRC())
				frames, incomplete := e.Frames()
				// Of some 180 lost packets a few are lost as often as they are asked for: which ones is up to chance.
				if s.Recovered < 50 || s.Lost > 15 || len(frames) < 585 || incomplete > 15 {
					t.Errorf("%d frames, %d incomplete, %+v", len(frames), incomplete, s)
				}
				if len(e.nacks) > 5 {
					t.Errorf("%d packets are still being asked for", len(e.nacks))
				}
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			}, opts...)
		})
	}
}

func TestNACKsAreGivenUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{noRTX: true})
		p.film(60, nil)
		time.Sleep(5 * time.Second)
		lost := e.Stats(e.VideoSSRC()).Lost
		if c := e.Counters(); lost == 0 || c.NACKs != lost*nackTries || len(e.nacks) > 0 {
			t.Errorf("%d lost, %d NACKs, %d left", lost, c.NACKs, len(e.nacks))
		}
		time.Sleep(time.Minute)
	}, WithPretendedLoss(0.1))
}

func TestReceiverReportTellsWhatArrived(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(100, nil)
		e.mu.Lock()
		r := e.streams[e.AudioSSRC()].receptionReport(time.Now())
		s := e.streams[e.AudioSSRC()].stats
		e.mu.Unlock()
		report := e.SenderReports(e.AudioSSRC())[1]
		want := rtcp.ReceptionReport{
			SSRC: e.AudioSSRC(), LastSequenceNumber: uint32(s.LastSeq), TotalLost: uint32(s.Lost),
			LastSenderReport: uint32(toNTP(report.Arrival) >> 16), Delay: uint32(time.Since(report.Arrival).Seconds() * 65536),
		}
		if want.TotalLost == 0 || r.FractionLost == 0 || r.SSRC != want.SSRC || r.LastSequenceNumber != want.LastSequenceNumber ||
			r.TotalLost != want.TotalLost || r.LastSenderReport-want.LastSenderReport+1 > 2 || r.Delay != want.Delay {
			t.Errorf("got %+v, expected %+v", r, want)
		}
	}, WithDrop(func(d Direction, b []byte) bool { return d == ToServer && isRTP(b[0]) && !isRTCP(b) && b[3]%5 == 0 }))
}

func TestSinkReadsHeadersOnly(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.readers.Go(func() { p.film(150, nil) })
		p.play(250, nil)
		settle()
		a, v := e.Stats(e.AudioSSRC()), e.Stats(e.VideoSSRC())
		if a.Packets != 250 || a.SenderReports != 5 || a.Bytes != 250*160 || v.Packets != 450 {
			t.Errorf("audio %+v, video %+v", a, v)
		}
		if n := len(e.Records(e.AudioSSRC())); n != 0 {
			t.Errorf("%d packets recorded", n)
		}
		if list := e.Violations(); len(list) > 0 {
			t.Errorf("violations: %v", list)
		}
		if p.count("TWCC") < 40 || p.count("RR") < 4 {
			t.Errorf("feedback %v", p.received)
		}
		p.play(20, func(_ int, packet *rtp.Packet) { packet.Marker = true; packet.PayloadType = 96 })
		settle()
		if got := kinds(e.Violations()); !slices.Equal(got, []ViolationKind{ViolationUnknownPayloadType, ViolationAudioMarker}) {
			t.Errorf("violations: %v", e.Violations())
		}
	}, WithSink())
}
