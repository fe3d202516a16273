package rtc

import (
	"io"

	"github.com/pion/transport/v4/packetio"
)

// rtcpBufferLimit bounds the RTCP waiting for a reader: some hundred compound packets, seconds of feedback.
const rtcpBufferLimit = 64 << 10

// bufferFactory keeps foreign media from costing anything (docs/WIRE.md §5): the server also sends other participants' RTP and probing
// packets, and pion, left alone, gives each SSRC a growing buffer and a transceiver. A sender needs no RTP at all, and RTCP only for the
// SSRCs it sends.
func bufferFactory(own ...uint32) func(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	return func(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
		if kind == packetio.RTCPBufferPacket {
			for _, o := range own {
				if ssrc == o {
					b := packetio.NewBuffer()
					b.SetLimitSize(rtcpBufferLimit)
					return feedbackBuffer{b}
				}
			}
		}
		return dropBuffer{}
	}
}

// feedbackBuffer is a buffer for the RTCP of an SSRC of ours. Transport-wide feedback that came as far wakes no reader.
type feedbackBuffer struct{ *packetio.Buffer }

// Write implements io.Writer.
func (b feedbackBuffer) Write(p []byte) (int, error) {
	if transportFeedback(p) {
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// dropBuffer swallows what is written; a read ends at once, so that pion gives the stream up.
type dropBuffer struct{}

// Write implements io.Writer.
func (dropBuffer) Write(p []byte) (int, error) { return len(p), nil }

// Read implements io.Reader.
func (dropBuffer) Read([]byte) (int, error) { return 0, io.EOF }

// Close implements io.Closer.
func (dropBuffer) Close() error { return nil }
