//go:build unix

package main

import (
	"bytes"
	"fmt"
	"time"

	"gotgcall/internal/demux/ivftest"
)

// fakeLength is how long what the fake ffmpeg plays is.
const fakeLength = 4 * time.Second

// fakeMedia is a track in a format of ffmpeg's.
func fakeMedia(format string) []byte {
	const pictures = int(fakeLength/time.Second) * filmFPS
	switch format {
	case "wav":
		return wav(fakeLength)
	case "ivf":
		return ivftest.Stream{Width: filmWidth, Height: filmHeight, Den: filmFPS}.Bytes(ivftest.Frames(pictures, 1, packetSize))
	case "yuv4mpegpipe":
		const size = filmWidth * filmHeight * 3 / 2 // 4:2:0
		frame := append([]byte("FRAME\n"), make([]byte, size)...)
		return append(fmt.Appendf(nil, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", filmWidth, filmHeight, filmFPS), bytes.Repeat(frame, pictures)...)
	default:
		return opus(fakeLength, 20*time.Millisecond)
	}
}

// wav is silence as a broadcast takes it: 16 bits, stereo, 48 kHz, of a length that is not told.
func wav(length time.Duration) []byte {
	const rate, frame = 48000, 4
	header := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff")
	return append(header, make([]byte, int(length.Seconds()*rate)*frame)...)
}
