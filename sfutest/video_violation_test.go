package sfutest

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

// onFrame applies f to the packets of the frame with number n.
func onFrame(n int, f func(*rtp.Packet)) func(int, *rtp.Packet) {
	return func(i int, p *rtp.Packet) {
		if i == n {
			f(p)
		}
	}
}

// setPictureID replaces the picture id of a packet by one that is so much higher.
func addPictureID(p *rtp.Packet, n int) {
	id := (int(binary.BigEndian.Uint16(p.Payload[2:])&0x7fff) + n) % pictureIDs
	binary.BigEndian.PutUint16(p.Payload[2:], 0x8000|uint16(id))
}

// inter takes the key frames out of a film, but for the first so many.
func inter(keys int) func(int, *rtp.Packet) {
	return func(i int, p *rtp.Packet) {
		if p.Payload[0]&0x10 != 0 && i >= keys*30 {
			p.Payload[4] |= 1
		}
	}
}

// withSound plays sound for so long, while the video does what show says.
func (p *peer) withSound(n int, show func()) {
	p.filming.Store(true)
	p.readers.Go(show)
	p.play(n, nil)
}

type offence struct {
	want    ViolationKind
	count   int // 0: at least 1
	follows []ViolationKind
	commit  func(p *peer)
}

var descriptorOffences = map[string]offence{
	"a descriptor that is cut": {
		want: ViolationVP8Descriptor, count: 3, follows: []ViolationKind{ViolationPictureID},
		commit: func(p *peer) {
			p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload = packet.Payload[:3] }))
		},
	},
	"a descriptor and nothing behind it": {want: ViolationVP8Descriptor, count: 3, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload = packet.Payload[:4] }))
	}},
	"a descriptor with reserved bits": {want: ViolationVP8Descriptor, count: 3, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload[0] |= 0x40 }))
	}},
	"a descriptor that becomes longer": {want: ViolationVP8Descriptor, count: 1, commit: func(p *peer) {
		p.film(60, func(i int, packet *rtp.Packet) {
			if i >= 10 {
				packet.Payload[1] |= 0x40 // TL0PICIDX
				packet.Payload = slices.Insert(packet.Payload, 4, byte(i))
			}
		})
	}},
	"a frame without a start": {want: ViolationVP8Descriptor, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload[0] &^= 0x10 }))
	}},
	"a first frame without a start": {want: ViolationVP8Descriptor, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(0, func(packet *rtp.Packet) { packet.Payload[0] &^= 0x10 }))
	}},
	"a frame that starts with each packet": {want: ViolationVP8Descriptor, count: 2, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload[0] |= 0x10 }))
	}},
	"partition 1 at the start": {want: ViolationVP8Descriptor, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) { packet.Payload[0] |= 1 }))
	}},
	"no picture id": {want: ViolationPictureID, commit: func(p *peer) {
		p.film(60, func(_ int, packet *rtp.Packet) {
			packet.Payload = append([]byte{packet.Payload[0] &^ 0x80}, packet.Payload[4:]...)
		})
	}},
	"picture ids of 7 bits": {want: ViolationPictureID, count: 180, commit: func(p *peer) {
		p.film(60, func(i int, packet *rtp.Packet) {
			packet.Payload = append([]byte{packet.Payload[0], 0x80, byte(i)}, packet.Payload[4:]...)
		})
	}},
	"a picture id left out": {want: ViolationPictureID, count: 1, commit: func(p *peer) {
		p.film(60, func(i int, packet *rtp.Packet) {
			if i >= 10 {
				addPictureID(packet, 1)
			}
		})
	}},
	"a picture id twice": {want: ViolationPictureID, count: 1, commit: func(p *peer) {
		p.film(60, func(i int, packet *rtp.Packet) {
			if i >= 10 {
				addPictureID(packet, -1)
			}
		})
	}},
	"a picture id that changes within a frame": {want: ViolationPictureID, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) {
			if packet.Payload[0]&0x10 == 0 && !packet.Marker {
				addPictureID(packet, 5)
			}
		}))
	}},
	"a payload of 1201 bytes": {want: ViolationPayloadSize, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(3, func(packet *rtp.Packet) {
			size := 1200
			if packet.Marker {
				size++
			}
			packet.Payload = append(packet.Payload, make([]byte, size-len(packet.Payload))...)
		}))
	}},
}

var frameOffences = map[string]offence{
	"a video without a key frame at its start": {want: ViolationNoKeyFrame, count: 1, commit: func(p *peer) {
		p.film(60, onFrame(0, func(packet *rtp.Packet) {
			if packet.Payload[0]&0x10 != 0 {
				packet.Payload[4] |= 1
			}
		}))
	}},
	"a second film without a key frame at its start": {want: ViolationNoKeyFrame, count: 1, commit: func(p *peer) {
		p.withSound(500, func() {
			p.film(40, nil)
			for range 3 {
				time.Sleep(2 * time.Second)
				p.video.stamp += 2 * 90000
				p.sendPadding()
			}
			p.film(30, nil)
		})
	}},
	"a PLI that is not answered": {want: ViolationKeyFrameRequest, count: 1, commit: func(p *peer) { p.film(90, inter(1)) }},
	"80 packets at once": {want: ViolationFrameBurst, count: 1, commit: func(p *peer) {
		p.film(10, nil)
		p.sendFrame(80, nil)
	}},
	"a frame in two bursts": {want: ViolationFrameBurst, count: 1, commit: func(p *peer) {
		p.film(10, nil)
		p.sendFrame(80, func(packet *rtp.Packet) {
			if packet.SequenceNumber == p.video.seq-40 {
				time.Sleep(3 * time.Millisecond)
			}
		})
	}},
	"no padding": {want: ViolationMissingPadding, count: 2, commit: func(p *peer) {
		p.noPadding = true
		p.play(325, nil) // 6.5 s
	}},
	"no padding behind a film": {want: ViolationMissingPadding, count: 1, commit: func(p *peer) {
		p.withSound(250, func() { p.film(30, nil) })
	}},
}

var clockOffences = map[string]offence{
	"an NTP clock that jumps by 300 ms": {want: ViolationClock, count: 2, commit: func(p *peer) {
		for i := range 4 {
			p.play(49, nil)
			p.sendReport(p.audio, p.payload.SSRC, func(sr *rtcp.SenderReport) {
				if i == 2 {
					sr.NTPTime += 3 << 32 / 10
				}
			})
			time.Sleep(20 * time.Millisecond)
		}
	}},
	"legs with different clocks": {want: ViolationClock, commit: func(p *peer) {
		p.film(31, nil)
		for range 5 {
			time.Sleep(time.Second)
			p.audio.stamp += 48000
			p.sendReport(p.audio, p.payload.SSRC, func(sr *rtcp.SenderReport) { sr.NTPTime += 3 << 32 / 10 })
		}
	}},
	"a retransmission that nobody asked for": {want: ViolationRetransmission, count: 1, commit: func(p *peer) {
		p.film(10, nil)
		p.resend(p.video.seq - 3)
	}},
	"a retransmission of a packet that never was": {
		want: ViolationRetransmission, count: 1, follows: []ViolationKind{ViolationSequence, ViolationTimestamp, ViolationPictureID, ViolationVP8Descriptor},
		commit: func(p *peer) {
			p.film(10, nil)
			p.mu.Lock()
			p.sentVideo[p.video.seq+5000] = rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: p.video.seq + 5000}, Payload: vp8Payload(true, true, 9)}
			p.mu.Unlock()
			p.resend(p.video.seq + 5000)
		},
	},
	"a retransmission without the original number": {want: ViolationRetransmission, count: 1, commit: func(p *peer) {
		p.film(10, nil)
		p.sendRTX(rtp.Header{Version: 2}, []byte{7})
	}},
	"retransmissions numbered with a hole": {want: ViolationSequence, count: 1, commit: func(p *peer) {
		p.film(10, nil)
		p.sendRTX(rtp.Header{Version: 2, Padding: true, PaddingSize: 10}, nil)
		p.mu.Lock()
		p.rtxSeq++
		p.mu.Unlock()
		p.sendRTX(rtp.Header{Version: 2, Padding: true, PaddingSize: 10}, nil)
	}},
	"retransmissions under VP8's payload type": {
		want: ViolationPayloadTypeMismatch, count: 1, commit: func(p *peer) {
			p.film(10, nil)
			h := rtp.Header{Version: 2, SSRC: p.rtxSSRC(), PayloadType: jsonparams.PayloadTypeVP8, Padding: true, PaddingSize: 10}
			p.stamp(&h, nil)
			_, _ = (*p.video.stream.Load()).WriteRTP(&h, nil)
		},
	},
}

// TestEachViolationOfVideoIsCounted has a client that does one thing wrong at a time, and expects this kind of violation and no other but
// those that follow from it.
func TestEachViolationOfVideoIsCounted(t *testing.T) {
	for _, offences := range []map[string]offence{descriptorOffences, frameOffences, clockOffences} {
		for name, c := range offences {
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
				})
			})
		}
	}
}
