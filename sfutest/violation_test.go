package sfutest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// kinds returns the kinds of violations.
func kinds(list []Violation) []ViolationKind {
	var k []ViolationKind
	for _, v := range list {
		k = append(k, v.Kind)
	}
	return k
}

// TestEachViolationIsCounted has a client that does one thing wrong at a time, and expects this kind of violation and no other but those
// that follow from it.
func TestEachViolationIsCounted(t *testing.T) {
	const ms = time.Millisecond
	on := func(n int, f func(*rtp.Packet)) func(int, *rtp.Packet) {
		return func(i int, p *rtp.Packet) {
			if i == n {
				f(p)
			}
		}
	}
	for name, c := range map[string]struct {
		want    ViolationKind
		count   int // 0: at least 1
		follows []ViolationKind
		commit  func(p *peer)
	}{
		"no audio level": {want: ViolationMissingAudioLevel, count: 3, commit: func(p *peer) {
			p.play(10, func(i int, packet *rtp.Packet) {
				if i >= 7 {
					p.transportSeq.Add(^uint32(0))
					p.stamp(&packet.Header, nil)
				}
			})
		}},
		"extension 5": {want: ViolationUnknownExtension, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(5, []byte{0xff}) }))
		}},
		"video orientation on audio": {want: ViolationUnknownExtension, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(13, []byte{0}) }))
		}},
		"audio level on video": {want: ViolationUnknownExtension, count: 3, commit: func(p *peer) {
			p.film(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(1, []byte{20}) }))
		}},
		"two-byte extension 20": {want: ViolationUnknownExtension, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) {
				old := packet.Header.Clone()
				packet.ClearExtensions()
				_ = packet.SetExtensionWithProfile(20, []byte{0xff}, rtp.ExtensionProfileTwoByte)
				for _, id := range old.GetExtensionIDs() {
					_ = packet.SetExtension(id, old.GetExtension(id))
				}
			}))
		}},
		"mid": {want: ViolationMID, count: 1, follows: []ViolationKind{ViolationUnknownExtension}, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(4, []byte("0")) }))
		}},
		"rid": {want: ViolationMID, count: 3, follows: []ViolationKind{ViolationUnknownExtension}, commit: func(p *peer) {
			p.film(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(10, []byte("high")) }))
		}},
		"audio level of two bytes": {want: ViolationMalformedExtension, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { _ = packet.SetExtension(1, []byte{1, 2}) }))
		}},
		"an extension block of another profile": {
			want: ViolationMalformedExtension, count: 1, follows: []ViolationKind{ViolationMissingAudioLevel, ViolationTransportSequence},
			commit: func(p *peer) {
				p.play(50, on(3, func(packet *rtp.Packet) {
					packet.ClearExtensions()
					_ = packet.SetExtensionWithProfile(0, []byte{1, 2, 3, 4}, 0x4242)
				}))
			},
		},
		"abs-send-time in milliseconds": {want: ViolationAbsSendTime, commit: func(p *peer) {
			p.play(100, func(i int, packet *rtp.Packet) { _ = packet.SetExtension(2, []byte{0, byte(i >> 8), byte(i)}) })
		}},
		"a gap of the transport-wide numbers": {want: ViolationTransportSequence, count: 1, commit: func(p *peer) {
			p.play(60, on(10, func(*rtp.Packet) { p.transportSeq.Add(2) }))
		}},
		"a transport-wide number twice": {want: ViolationTransportSequence, count: 1, commit: func(p *peer) {
			p.play(60, on(10, func(*rtp.Packet) { p.transportSeq.Add(^uint32(0)) }))
		}},
		"transport-wide numbers that begin anew": {want: ViolationTransportSequence, count: 1, commit: func(p *peer) {
			p.play(60, on(10, func(*rtp.Packet) { p.transportSeq.Add(20000) }))
		}},
		"an undeclared SSRC": {want: ViolationUndeclaredSSRC, count: 1, follows: []ViolationKind{ViolationSequence}, commit: func(p *peer) {
			p.play(60, on(10, func(packet *rtp.Packet) { packet.SSRC = 0x1234 }))
		}},
		"a Sender Report of an undeclared SSRC": {want: ViolationUndeclaredSSRC, count: 1, commit: func(p *peer) {
			p.sendReport(p.audio, 0x1234, nil)
		}},
		"payload type 96": {want: ViolationUnknownPayloadType, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { packet.PayloadType = 96 }))
		}},
		"Opus under VP8's payload type": {want: ViolationPayloadTypeMismatch, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { packet.PayloadType = 100 }))
		}},
		"retransmissions on the video SSRC": {want: ViolationPayloadTypeMismatch, count: 3, commit: func(p *peer) {
			p.film(10, on(3, func(packet *rtp.Packet) { packet.PayloadType = 101 }))
		}},
		"a marker on every packet": {want: ViolationAudioMarker, count: 8, commit: func(p *peer) {
			p.play(10, func(_ int, packet *rtp.Packet) { packet.Marker = true })
		}},
		"a sequence number left out": {want: ViolationSequence, count: 1, commit: func(p *peer) {
			p.play(60, on(10, func(packet *rtp.Packet) { packet.SequenceNumber++; p.audio.seq++ }))
		}},
		"a sequence number twice": {want: ViolationSequence, count: 1, follows: []ViolationKind{ViolationTimestamp}, commit: func(p *peer) {
			p.play(60, on(10, func(packet *rtp.Packet) { packet.SequenceNumber--; p.audio.seq-- }))
		}},
		"sequence numbers that begin anew": {want: ViolationSequence, count: 1, commit: func(p *peer) {
			p.play(60, on(10, func(packet *rtp.Packet) { packet.SequenceNumber += 20000; p.audio.seq += 20000 }))
		}},
		"a timestamp that is one tick off": {want: ViolationTimestamp, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { packet.Timestamp++; p.audio.stamp++ }))
		}},
		"a timestamp that goes back behind a marker": {want: ViolationTimestamp, count: 1, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { packet.Marker = true; packet.Timestamp -= 480; p.audio.stamp -= 480 }))
		}},
		"a timestamp that stands still in a pause": {
			want: ViolationTimestamp, count: 1, follows: []ViolationKind{ViolationDrift, ViolationSenderReport, ViolationClock}, commit: func(p *peer) {
				p.play(10, nil)
				time.Sleep(2 * time.Second)
				p.play(10, on(0, func(packet *rtp.Packet) { packet.Marker = true }))
			},
		},
		"a timestamp that runs ahead in a pause": {
			want: ViolationTimestamp, count: 1, follows: []ViolationKind{ViolationDrift, ViolationPacing, ViolationSenderReport, ViolationClock}, commit: func(p *peer) {
				p.play(10, nil)
				time.Sleep(time.Second)
				p.audio.stamp += 5 * 48000
				p.play(10, on(0, func(packet *rtp.Packet) { packet.Marker = true }))
			},
		},
		"packets of 60 ms whose timestamps advance by 20": {want: ViolationTimestamp, commit: func(p *peer) {
			p.play(10, func(_ int, packet *rtp.Packet) { packet.Payload = append([]byte{0x1c}, make([]byte, 50)...) })
		}},
		"a video frame that goes on behind its marker": {want: ViolationTimestamp, count: 2, commit: func(p *peer) {
			p.film(10, on(3, func(packet *rtp.Packet) { packet.Marker = true }))
		}},
		"a video frame without a marker": {want: ViolationTimestamp, count: 1, commit: func(p *peer) {
			p.film(10, on(3, func(packet *rtp.Packet) { packet.Marker = false }))
		}},
		"video timestamps that go back": {want: ViolationTimestamp, count: 1, commit: func(p *peer) {
			p.film(10, nil)
			p.video.stamp -= 6000
			p.film(10, nil)
		}},
		"a second of audio at once": {want: ViolationPacing, count: 1, follows: []ViolationKind{ViolationDrift}, commit: func(p *peer) {
			p.play(20, nil)
			for range 50 {
				p.sendAudio(nil)
			}
		}},
		"what was not sent in a pause, at once": {want: ViolationPacing, count: 1, commit: func(p *peer) {
			p.play(20, nil)
			time.Sleep(900 * ms)
			for range 45 {
				p.sendAudio(nil)
			}
			p.play(20, nil)
		}},
		"playing 4 % too fast": {want: ViolationDrift, count: 1, commit: func(p *peer) {
			for range 60 { // pieces of 480 ms that take 461
				start := time.Now()
				p.play(24, nil)
				sleepUntil(start.Add(461 * ms))
			}
		}},
		"playing 4 % too slowly": {want: ViolationDrift, count: 1, commit: func(p *peer) {
			for range 60 {
				p.play(25, nil)
				time.Sleep(40 * ms)
			}
		}},
		"a film that plays 4 % too slowly": {want: ViolationDrift, count: 1, commit: func(p *peer) {
			for range 40 {
				p.film(30, nil)
				time.Sleep(time.Second/30 + 40*ms)
			}
		}},
		"no Sender Report": {want: ViolationMissingSR, count: 2, commit: func(p *peer) {
			for range 325 { // 6.5 s
				p.sendAudio(nil)
				time.Sleep(20 * ms)
			}
		}},
		"a Sender Report with the timestamp of another clock": {want: ViolationSenderReport, count: 1, follows: []ViolationKind{ViolationClock}, commit: func(p *peer) {
			p.play(10, nil)
			p.sendReport(p.audio, p.payload.SSRC, func(sr *rtcp.SenderReport) { sr.RTPTime += 90000 })
		}},
		"a Sender Report from tomorrow": {want: ViolationSenderReport, count: 1, follows: []ViolationKind{ViolationClock}, commit: func(p *peer) {
			p.play(10, nil)
			p.sendReport(p.audio, p.payload.SSRC, func(sr *rtcp.SenderReport) { sr.NTPTime += 86400 << 32 })
		}},
		"an Opus packet of nothing": {want: ViolationMalformed, count: 1, follows: []ViolationKind{ViolationTimestamp}, commit: func(p *peer) {
			p.play(10, on(3, func(packet *rtp.Packet) { packet.Payload = []byte{3} }))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(-100, peerOptions{})
				c.commit(p)
				time.Sleep(time.Second)
				list := e.Violations()
				i := slices.IndexFunc(list, func(v Violation) bool { return v.Kind == c.want })
				if i < 0 {
					t.Fatalf("got %v, expected %s", list, c.want)
				}
				if c.count != 0 && list[i].Count != c.count || list[i].First == "" {
					t.Errorf("got %v, expected %d", list[i], c.count)
				}
				if others := slices.DeleteFunc(kinds(list), func(k ViolationKind) bool {
					return k == c.want || slices.Contains(c.follows, k)
				}); len(others) > 0 {
					t.Errorf("also got %v in %v", others, list)
				}
				for _, ssrc := range e.SSRCs() {
					if s := e.Stats(ssrc); s.Packets+s.Lost != s.LastSeq-s.FirstSeq+1 {
						t.Errorf("the numbers do not add up: %+v", s)
					}
				}
				if all := w.server.Violations(); len(all) != len(list) || !strings.HasPrefix(all[0].First, "chat -100: ") {
					t.Errorf("the server's list is %v, the endpoint's %v", all, list)
				}
			})
		})
	}
}

func TestAMarkerBehindEachOfManyShortPausesIsNoViolation(t *testing.T) {
	for name, opts := range map[string][]Option{"normal": nil, "sink": {WithSink()}} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				for i := range 20 {
					pause := time.Duration(i) * time.Millisecond
					time.Sleep(20*time.Millisecond + pause)
					p.audio.stamp += uint32(pause * 48 / time.Millisecond)
					p.sendAudio(func(packet *rtp.Packet) { packet.Marker = true })
				}
				time.Sleep(time.Second)
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			}, opts...)
		})
	}
}

func TestAMarkerOnEveryPacketIsAViolationOfAClientOfASinkToo(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(20, func(_ int, packet *rtp.Packet) { packet.Marker = true })
		time.Sleep(time.Second)
		if got := kinds(e.Violations()); !slices.Equal(got, []ViolationKind{ViolationAudioMarker}) {
			t.Errorf("violations: %v", e.Violations())
		}
	}, WithSink())
}
