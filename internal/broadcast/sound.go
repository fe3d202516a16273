package broadcast

import "time"

const (
	sampleRate = 48000
	sampleSize = 2 * 2 // bytes: 16 bits, two channels
	// silentBlock is how much silence is written in one piece: 20 ms, as sound is.
	silentBlock = sampleRate / 50
)

// silent is a block of silence; nobody writes to it.
var silent [silentBlock * sampleSize]byte

// Audio takes sound: whole samples, s16le, 48 kHz, stereo, kept by the Mixer. What is missing before it is filled with silence; what lies before the
// samples already written is cut off and counted. A deviation of up to 2 ms is left alone, so that rounding neither adds nor takes samples.
// Without a connection it is forgotten.
func (m *Mixer) Audio(due time.Time, pcm []byte) {
	n := int64(len(pcm) / sampleSize)
	if !m.open || n == 0 {
		return
	}
	pcm = pcm[:n*sampleSize]
	at := samplesIn(due.Sub(m.begin))
	switch ahead := at - m.samples; {
	case ahead > slack:
		m.silence(at)
	case ahead < -slack:
		cut := min(-ahead, n)
		m.count.cut.Add(cut)
		pcm, n = pcm[cut*sampleSize:], n-cut
	}
	switch {
	case n == 0:
	case m.sound(pcm):
		m.count.audio.Add(n)
	default:
		m.count.refused.Add(n)
	}
}

// silence writes silence up to the sample at, or as much of it as the connection takes.
func (m *Mixer) silence(at int64) {
	for m.samples < at {
		n := min(at-m.samples, silentBlock)
		if !m.sound(silent[:n*sampleSize]) {
			return
		}
		m.count.silence.Add(n)
	}
}

// sound writes samples behind those already written. It reports false when the connection takes no more.
func (m *Mixer) sound(pcm []byte) bool {
	if !m.conn.Load().put(block{track: audioTrack, at: uint64(m.samples) / (sampleRate / 1000), data: pcm}) {
		return false
	}
	m.samples += int64(len(pcm) / sampleSize)
	return true
}

// played returns where the samples written end, since Begin.
func (m *Mixer) played() time.Duration { return timeOf(m.samples) }

// samplesIn converts a time to samples, rounded to the nearest, without overflow.
func samplesIn(d time.Duration) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second / 2)
	if rest < 0 {
		half = -half
	}
	return seconds*sampleRate + (rest*sampleRate+half)/int64(time.Second)
}

// timeOf converts samples to a time, rounded down, without overflow.
func timeOf(samples int64) time.Duration {
	return time.Duration(samples/sampleRate)*time.Second + time.Duration(samples%sampleRate)*time.Second/sampleRate
}
