package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// FuzzFeedback hands decrypted RTCP to a track: whatever it is, what the track knows of its listener stays within its ranges.
func FuzzFeedback(f *testing.F) {
	const ssrc = 0x01020304
	block := rtcp.ReceptionReport{SSRC: ssrc, FractionLost: 255, TotalLost: 0xffffff, Jitter: 1<<32 - 1, LastSenderReport: 1, Delay: 1<<32 - 1}
	for _, packets := range [][]rtcp.Packet{
		{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{block}}},
		{&rtcp.SenderReport{SSRC: 1, Reports: []rtcp.ReceptionReport{block, block}}, &rtcp.PictureLossIndication{MediaSSRC: ssrc}},
		{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: []rtcp.NackPair{{PacketID: 65535, LostPackets: 0xffff}}}},
		{&rtcp.FullIntraRequest{MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc}}}},
		{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e9, SSRCs: []uint32{ssrc}}},
	} {
		b, err := rtcp.Marshal(packets)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		track := newTrack(webrtc.RTPCodecTypeVideo, vp8Codec, ssrc)
		track.history = newHistory(0x05060708)
		now := time.Now()
		track.takeDatagram(b, now)
		s := track.feedback.snapshot(vp8Codec.ClockRate)
		if s.Loss < 0 || s.Loss >= 1 || s.RTT < 0 || s.Jitter < 0 || s.Lost < -1<<23 || s.Lost >= 1<<23 {
			t.Errorf("%+v", s)
		}
		if most := uint64(len(b)); s.NACKs > 17*most || s.Retransmitted > 0 || s.Reports > most || s.PLIs > most || s.FIRs > most {
			t.Errorf("%d bytes count as %+v", len(b), s)
		}
		if (s.Reports > 0) != s.LastReport.Equal(now) {
			t.Errorf("%d reports, the last one at %s", s.Reports, s.LastReport)
		}
	})
}

// TestAReportIsTakenByTheTrackThatItIsAbout: one with blocks about sound and picture reaches the readers of both.
func TestAReportIsTakenByTheTrackThatItIsAbout(t *testing.T) {
	sound, sight := newTrack(webrtc.RTPCodecTypeAudio, opusCodec, 1), newTrack(webrtc.RTPCodecTypeVideo, vp8Codec, 2)
	b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{
		{SSRC: sound.ssrc, TotalLost: 10}, {SSRC: sight.ssrc, TotalLost: 20}, {SSRC: 3, TotalLost: 30},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for track, want := range map[*track]int{sound: 10, sight: 20} {
		track.takeDatagram(b, time.Now())
		if s := track.feedback.snapshot(track.codec.ClockRate); s.Reports != 1 || s.Lost != want {
			t.Errorf("%s: %d reports, %d packets lost, expected one report and %d packets", track.kind, s.Reports, s.Lost, want)
		}
	}
}
