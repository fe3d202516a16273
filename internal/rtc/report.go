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

// report is a Sender Report that maps the wall-clock time wall to the RTP timestamp (RFC 3550 §6.4.1).
func (t *track) report(wall time.Time, timestamp uint32) rtcp.Packet {
	return &rtcp.SenderReport{
		SSRC:        t.ssrc,
		NTPTime:     ntpTime(wall),
		RTPTime:     timestamp,
		PacketCount: t.packets.Load(),
		OctetCount:  t.octets.Load(),
	}
}
