package sfutest

import "gotgcall/jsonparams"

// opusFrameTicks are the frame durations of RFC 6716 table 2 in ticks of 48 kHz, by configuration number modulo 4 of each mode.
var (
	opusSILK   = [4]int{480, 960, 1920, 2880} // 10, 20, 40, 60 ms: configurations 0…11
	opusHybrid = [2]int{480, 960}             // 10, 20 ms: configurations 12…15
	opusCELT   = [4]int{120, 240, 480, 960}   // 2.5, 5, 10, 20 ms: configurations 16…31
)

const maxOpusTicks = 120 * jsonparams.ClockRateOpus / 1000 // RFC 6716 §3.4 [R5]: at most 120 ms

// opusTicks returns the duration of an Opus packet in ticks of 48 kHz, read from its TOC byte (RFC 6716 §3.1), or 0 when the packet is
// not one.
func opusTicks(packet []byte) int {
	if len(packet) == 0 {
		return 0
	}
	var frame int
	switch config := packet[0] >> 3; {
	case config < 12:
		frame = opusSILK[config%4]
	case config < 16:
		frame = opusHybrid[config%2]
	default:
		frame = opusCELT[config%4]
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int(packet[1] & 0x3f)
	}
	if ticks := frame * frames; ticks <= maxOpusTicks {
		return ticks
	}
	return 0
}
