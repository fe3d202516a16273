package rtc

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"gotgcall/internal/leak"
	"gotgcall/models"
	"gotgcall/sfutest"
)

func TestAFrameOfAnySizeComesTogetherAgain(t *testing.T) {
	p := newVP8Packetizer()
	p.pictureID = 0x7ffe // the number wraps on the way
	last := -1
	for _, size := range []int{1, 2, 1195, 1196, 1197, 2392, 2393, 40_000, 4 << 20} {
		frame := make([]byte, size)
		for i := range frame {
			frame[i] = byte(i * 7)
		}
		var whole []byte
		for i, payload := range p.packetize(frame) {
			if len(payload) > maxVideoPayload {
				t.Fatalf("a frame of %d bytes makes a payload of %d", size, len(payload))
			}
			var d codecs.VP8Packet
			rest, err := d.Unmarshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			if (d.S == 1) != (i == 0) || d.I != 1 {
				t.Errorf("a frame of %d bytes: payload %d has S=%d, I=%d", size, i, d.S, d.I)
			}
			if i == 0 && last >= 0 && int(d.PictureID) != (last+1)&0x7fff {
				t.Errorf("picture id %d follows %d", d.PictureID, last)
			}
			last = int(d.PictureID)
			whole = append(whole, rest...)
		}
		if !bytes.Equal(whole, frame) {
			t.Errorf("a frame of %d bytes does not come together again", size)
		}
	}
	if p.packetize(nil) != nil {
		t.Error("an empty frame makes packets")
	}
}

func TestRetransmissionsHaveTheirOwnNumbersAndTheOriginalsContent(t *testing.T) {
	h := newHistory(7)
	now := time.Now()
	for i := range 600 {
		h.add(&rtp.Header{SequenceNumber: uint16(65300 + i), Timestamp: uint32(i), Marker: i%3 == 0}, []byte{byte(i), byte(i >> 8)})
	}
	var got []rtp.Header
	var osn []uint16
	write := func(header *rtp.Header, payload []byte) (int, error) {
		got = append(got, *header)
		osn = append(osn, uint16(payload[0])<<8|uint16(payload[1]))
		if i := uint32(payload[2]) | uint32(payload[3])<<8; i != header.Timestamp {
			t.Errorf("the payload of packet %d came with the timestamp of packet %d", i, header.Timestamp)
		}
		return 0, nil
	}
	seq := func(i int) uint16 { return uint16(65300 + i) }
	h.retransmit(seq(87), now, write)  // forgotten: the newest has its place
	h.retransmit(seq(600), now, write) // never sent: the oldest has its place
	h.retransmit(seq(599), now, write)
	h.retransmit(seq(88), now, write)                            // the oldest that is remembered
	h.retransmit(seq(599), now.Add(retransmitInterval/2), write) // the answer is still under way
	h.retransmit(seq(599), now.Add(retransmitInterval), write)   // and seems lost
	if len(got) != 3 || osn[0] != seq(599) || osn[1] != seq(88) || osn[2] != seq(599) {
		t.Fatalf("sent again: %v", osn)
	}
	for i, header := range got {
		if header.SSRC != 7 || header.PayloadType != 101 || header.SequenceNumber != got[0].SequenceNumber+uint16(i) {
			t.Errorf("retransmission %d has the header %+v", i, header)
		}
	}
}

// sendFrames sends n video frames at 50 per second.
func sendFrames(t *testing.T, link *Link, n uint32, size int) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	base := link.BaseTime(models.Video)
	for i := range n {
		now := <-ticker.C
		if i%50 == 0 {
			if err := link.Report(models.Video, now, base+i*1800); err != nil {
				t.Fatal(err)
			}
		}
		frame := make([]byte, size)
		frame[0] = byte(min(1, i%100)) // a key frame every two seconds
		copy(frame[3:], []byte{0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00})
		payloads := link.PacketizeVideo(frame)
		for j, payload := range payloads {
			if err := link.WriteVideo(base+i*1800, j == len(payloads)-1, payload); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLostVideoIsSentAgainOnTheAnnouncedRTXSSRC(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{}, sfutest.WithPretendedLoss(0.1), sfutest.WithSeed(3))
	sendFrames(t, link, 100, 3000)
	poll(t, "the lost packets", func() bool {
		s := ep.Stats(id.Video)
		return s.Injected > 0 && s.Recovered == s.Injected
	})
	if f := link.Remote(models.Video); f.NACKs == 0 || f.Retransmitted == 0 {
		t.Errorf("counted %+v", f)
	}
	noViolations(t, ep)
}

func TestPaddingKeepsASilentVideoAliveWithoutMedia(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{})
	for i := range uint32(3) {
		if err := link.WriteVideoPadding(link.BaseTime(models.Video) + i*180_000); err != nil {
			t.Fatal(err)
		}
	}
	if err := ep.WaitPackets(within(t, hang), id.Video, 3); err != nil {
		t.Fatal(err)
	}
	for _, p := range ep.Records(id.Video) {
		if p.Size != 0 || p.Marker {
			t.Errorf("a padding packet has %d bytes of media, marker %v", p.Size, p.Marker)
		}
	}
	if n := link.peer.video.packets.Load(); n != 0 {
		t.Errorf("a Sender Report would count %d packets of padding as media", n)
	}
}
