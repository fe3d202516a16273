package score

import (
	"encoding/binary"
	"io"
	"math"
)

const wavHeader = 44

// MaxWAV is how many stereo samples a WAV file holds: its sizes are 32 bits wide.
const MaxWAV = (math.MaxUint32 - wavHeader) / (2 * Channels)

// WriteWAV writes the first samples of the piece, at most MaxWAV, as a WAV file of 16 bits per sample and channel.
func WriteWAV(w io.Writer, samples int64) error {
	const frame = 2 * Channels // bytes
	size := uint32(samples * frame)
	b := append(make([]byte, 0, wavHeader), "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, wavHeader-8+size)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, Channels)
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, Rate*frame)
	b = binary.LittleEndian.AppendUint16(b, frame)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	for at := int64(0); ; at += Rate {
		if _, err := w.Write(b); err != nil || at >= samples {
			return err
		}
		b = b[:0]
		for _, v := range Samples(at, min(Rate, samples-at)) {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
	}
}
