package rtc

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"gotgcall/internal/wall"
	"gotgcall/jsonparams"
)

const day = 24 * time.Hour

// clockMoves are by how much somebody sets the system's clock.
var clockMoves = []time.Duration{0, time.Hour, -time.Hour, day, -day}

func TestSendTimesGoOnWhenTheClockIsSet(t *testing.T) {
	for _, move := range clockMoves {
		epoch := wall.Set(time.Now(), -move) // the connection is that old; then the clock was set
		var sent []byte
		writer := (&stamper{epoch: epoch}).BindLocalStream(nil, interceptor.RTPWriterFunc(
			func(h *rtp.Header, _ []byte, _ interceptor.Attributes) (int, error) {
				sent = append(sent, h.GetExtension(jsonparams.ExtAbsSendTime)...)
				return 0, nil
			}))
		if _, err := writer.Write(&rtp.Header{Version: 2}, nil, nil); err != nil {
			t.Fatal(err)
		}
		passed := time.Since(epoch)
		got := uint32(sent[0])<<16 | uint32(sent[1])<<8 | uint32(sent[2])
		const mask = 1<<24 - 1
		if first, last := absSendTime(epoch), absSendTime(epoch.Add(passed)); (got-first)&mask > (last-first)&mask {
			t.Errorf("the clock was set by %v: the send time is %d, expected %d to %d, as before", move, got, first, last)
		}
	}
}

func TestRoundTripsAreMeasuredWhenTheClockIsSet(t *testing.T) {
	const trip, delay = 80 * time.Millisecond, 20 * time.Millisecond
	for _, move := range clockMoves {
		track := newTrack(webrtc.RTPCodecTypeAudio, opusCodec, 1)
		began := wall.Set(time.Now(), 3*time.Hour) // the clock of the reports is the call's own
		sender, _ := track.report(began, 0).(*rtcp.SenderReport)
		arrives := wall.Set(track.reported.Load().at.Add(trip+delay), move)
		track.takeReports([]rtcp.ReceptionReport{{
			SSRC: 1, LastSenderReport: uint32(sender.NTPTime >> 16), Delay: uint32(delay * 65536 / time.Second),
		}}, arrives)
		if got := track.feedback.snapshot(48000).RTT; (got - trip).Abs() > time.Millisecond {
			t.Errorf("the clock was set by %v: the round trip takes %v, expected %v", move, got, trip)
		}
	}
}

func TestCertificatesOfThePoolAreValidWhateverTheClockIsSetTo(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		move time.Duration
		kept int
	}{
		{0, 1}, {time.Hour, 1}, {-time.Hour, 1}, {day, 1}, {-day, 1},
		{24 * day, 0}, {10_000 * day, 0}, // a machine that has learned the date
	} {
		certificate, err := generateCertificate()
		if err != nil {
			t.Fatal(err)
		}
		p := newCertificatePool(1)
		p.ready = []agedCertificate{{certificate, now}}
		moved := wall.Set(now, c.move)
		p.dropOldLocked(moved)
		if len(p.ready) != c.kept {
			t.Errorf("the clock was set by %v: %d certificates are left of one that is valid until %v", c.move, len(p.ready), certificate.Expires())
		}
		if c.kept > 0 && certificate.Expires().Sub(moved) < certificateRest {
			t.Errorf("the clock was set by %v: a certificate is kept that is valid for %v only", c.move, certificate.Expires().Sub(moved))
		}
	}
}
