package rtc

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

// stamper is the interceptor that puts the per-packet header extensions on every outgoing packet, retransmissions included: abs-send-time
// and the transport-wide sequence number, by their fixed numbers (docs/WIRE.md §5). The audio level is the track's own.
type stamper struct {
	interceptor.NoOp
	epoch    time.Time     // set at construction; abs-send-time counts on from its wall clock
	sequence atomic.Uint32 // shared by all streams of the transport
}

// NewInterceptor implements interceptor.Factory: one stamper serves one PeerConnection.
func (s *stamper) NewInterceptor(string) (interceptor.Interceptor, error) { return s, nil }

// BindLocalStream implements interceptor.Interceptor.
func (s *stamper) BindLocalStream(_ *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		p := stampPool.Get().(*stamp)
		defer stampPool.Put(p)
		p.fill(h, absSendTime(steadyWall(s.epoch, time.Now())), uint16(s.sequence.Add(1))) //nolint:gosec // wraps by design
		return next.Write(&p.header, payload, a)
	})
}

// stamp is a header of its own with room for its extensions: the caller's header may be in use elsewhere, for a retransmission is sent from
// another goroutine.
type stamp struct {
	header  rtp.Header
	level   [1]byte
	absTime [3]byte
	twcc    [2]byte
}

var stampPool = sync.Pool{New: func() any { return new(stamp) }}

func (p *stamp) fill(h *rtp.Header, abs uint32, sequence uint16) {
	extensions := p.header.Extensions[:0]
	p.header = *h
	p.header.Extension, p.header.ExtensionProfile, p.header.Extensions = false, 0, extensions
	if level := h.GetExtension(jsonparams.ExtAudioLevel); len(level) == 1 {
		p.level[0] = level[0]
		p.set(jsonparams.ExtAudioLevel, p.level[:])
	}
	p.absTime = [3]byte{byte(abs >> 16), byte(abs >> 8), byte(abs)}
	p.set(jsonparams.ExtAbsSendTime, p.absTime[:])
	binary.BigEndian.PutUint16(p.twcc[:], sequence)
	p.set(jsonparams.ExtTransportCC, p.twcc[:])
}

// set adds one extension; SetExtension refuses only identifiers and sizes outside RFC 8285's one-byte form, and these are constants.
func (p *stamp) set(id uint8, payload []byte) {
	_ = p.header.SetExtension(id, payload)
}

// absSendTime is the moment of sending as a 24-bit fixed-point number of seconds, 6 bits before the point and 18 after it.
func absSendTime(t time.Time) uint32 {
	return uint32(ntpTime(t)>>14) & 0xffffff
}
