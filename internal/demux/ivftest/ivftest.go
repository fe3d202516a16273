// Package ivftest makes IVF streams for tests.
package ivftest

import (
	"bytes"
	"encoding/binary"
)

// Stream is the header of a stream. Zero fields have the values that ffmpeg writes for VP8 of 64×48 at 30 frames per second.
type Stream struct {
	FourCC        string // 4 bytes
	Version       uint16
	HeaderSize    uint16 // what is more than 32 is filled with 0xff
	Width, Height uint16
	Num, Den      uint32 // the time base: a timestamp counts Num/Den seconds
}

// Frame is one frame of a stream.
type Frame struct {
	PTS  uint64 // in units of the time base
	Data []byte
}

// Header returns the stream's header.
func (s Stream) Header() []byte {
	le := binary.LittleEndian
	size := or(s.HeaderSize, 32)
	b := append(make([]byte, 0, size), "DKIF"...)
	b = le.AppendUint16(b, s.Version)
	b = le.AppendUint16(b, size)
	if s.FourCC == "" {
		s.FourCC = "VP80"
	}
	b = append(b, s.FourCC[:4]...)
	b = le.AppendUint16(b, or(s.Width, 64))
	b = le.AppendUint16(b, or(s.Height, 48))
	b = le.AppendUint32(b, or(s.Den, 30))
	b = le.AppendUint32(b, or(s.Num, 1))
	b = le.AppendUint64(b, 1<<64-1) // number of frames and 32 unused bits, as written into a pipe
	return append(b, bytes.Repeat([]byte{0xff}, int(size)-min(len(b), int(size)))...)
}

// Bytes returns the whole stream.
func (s Stream) Bytes(frames []Frame) []byte {
	b := s.Header()
	for _, f := range frames {
		b = append(b, f.Bytes()...)
	}
	return b
}

// Bytes returns the frame with its header.
func (f Frame) Bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(f.Data)))
	b = binary.LittleEndian.AppendUint64(b, f.PTS)
	return append(b, f.Data...)
}

// Frames returns n frames of so many bytes, 10 or more, each step units after the one before. Every 30th is a key frame, the first one included.
// No two have the same bytes.
func Frames(n int, step uint64, size int) []Frame {
	list := make([]Frame, n)
	for i := range list {
		data := Inter(size, byte(i))
		if i%30 == 0 {
			data = Key(size, byte(i))
		}
		list[i] = Frame{uint64(i) * step, data}
	}
	return list
}

// Key returns the beginning of a VP8 key frame of 64×48 (RFC 6386 section 9.1) and fills it up to size bytes, 10 or more.
func Key(size int, fill byte) []byte {
	return append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0}, bytes.Repeat([]byte{fill}, size-10)...)
}

// Inter returns the tag of a VP8 frame that needs those before it, and fills it up to size bytes, 3 or more.
func Inter(size int, fill byte) []byte {
	return append([]byte{0x11, 0, 0}, bytes.Repeat([]byte{fill}, size-3)...)
}

// Hidden is Inter for a frame that is not shown.
func Hidden(size int, fill byte) []byte {
	data := Inter(size, fill)
	data[0] &^= 0x10
	return data
}

func or[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}
