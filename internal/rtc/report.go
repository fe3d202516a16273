package rtc

import (
	"time"

	"github.com/pion/rtcp"
)

// ntpEpoch is 1900-01-01, which NTP counts from, in seconds before the Unix epoch (RFC 5905 §6).
const ntpEpoch = 2_208_988_800

// ntpTime converts t to NTP's 64-bit fixed-point format: 32 bits of seconds since 1900, 32 bits of fraction.
func ntpTime(t time.Time) uint64 {
	ns := uint64(t.Nanosecond()) //nolint:gosec // 0…999999999
	return uint64(t.Unix()+ntpEpoch)<<32 | (ns<<32)/uint64(time.Second)
}

// steadyWall returns the wall clock at a moment as it would be if nobody had set it since the epoch: what receivers compare with each other must not jump.
func steadyWall(epoch, at time.Time) time.Time { return epoch.Round(0).Add(at.Sub(epoch)) }

// sentReport says when a Sender Report left, and what it said.
type sentReport struct {
	at   time.Time // with a monotonic reading
	wall time.Time
}

// report is a Sender Report that maps the wall-clock time wall to the RTP timestamp (RFC 3550 §6.4.1).
func (t *track) report(wall time.Time, timestamp uint32) rtcp.Packet {
	t.reported.Store(&sentReport{time.Now(), wall})
	return &rtcp.SenderReport{
		SSRC:        t.ssrc,
		NTPTime:     ntpTime(wall),
		RTPTime:     timestamp,
		PacketCount: t.packets.Load(),
		OctetCount:  t.octets.Load(),
	}
}
