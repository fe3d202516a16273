package sfutest

import "time"

// ntpEpoch is 1900-01-01, the beginning of NTP time, in seconds before Unix time (RFC 868).
const ntpEpoch = 2_208_988_800

// ticks returns a duration in ticks of a clock rate, rounded down. It does not overflow in centuries.
func ticks(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second)
}

// duration returns how long so many ticks take.
func duration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

// fromNTP returns the time of a 64-bit NTP timestamp of the era that ends in 2036, or of the next one.
func fromNTP(t uint64) time.Time {
	seconds, fraction := int64(t>>32), int64(t&0xffffffff) // 32 bits each
	if seconds < 1<<31 {
		seconds += 1 << 32 // RFC 4330 §3: without the top bit it is the era after 2036
	}
	return time.Unix(seconds-ntpEpoch, fraction*int64(time.Second)>>32)
}

// mediaTime returns the ticks from one RTP timestamp to another, of whose cycles it takes those that bring the result the nearest to the
// ticks that passed on the wall meanwhile.
func mediaTime(from, to uint32, wall int64) int64 {
	return wall + int64(int32(to-from-uint32(wall))) // arithmetic modulo 2^32
}

// mediaTimeOf is mediaTime between packets, by their arrival.
func mediaTimeOf(from, to *Packet, rate int64) int64 {
	return mediaTime(from.Timestamp, to.Timestamp, ticks(to.Arrival.Sub(from.Arrival), rate))
}

// earliest returns the earlier of two times, of which a zero one means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
