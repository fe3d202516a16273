package rtc

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// track is one outgoing RTP stream: it numbers the packets and hands them to pion. All media packets are written by one goroutine, the
// scheduler's.
type track struct {
	// set at construction
	kind     webrtc.RTPCodecType
	codec    webrtc.RTPCodecParameters
	ssrc     uint32
	baseTime uint32   // the random first RTP timestamp (RFC 3550 §5.1)
	history  *history // nil: nothing is retransmitted
	feedback feedback

	// owned by the writing goroutine
	header rtp.Header

	writer   atomic.Pointer[webrtc.TrackLocalWriter] // nil until bound
	reported atomic.Pointer[sentReport]              // the last Sender Report; nil before the first
	packets  atomic.Uint32                           // for Sender Reports; wrap by design
	octets   atomic.Uint32
}

func newTrack(kind webrtc.RTPCodecType, codec webrtc.RTPCodecParameters, ssrc uint32) *track {
	var random [6]byte
	rand.Read(random[:])
	t := &track{kind: kind, codec: codec, ssrc: ssrc, baseTime: binary.BigEndian.Uint32(random[:])}
	t.header = rtp.Header{
		Version:     2,
		PayloadType: uint8(codec.PayloadType),
		SSRC:        ssrc,
		// The first half of the number space: the receiver's SRTP rollover counter then starts unambiguously (RFC 3711 §3.3.1).
		SequenceNumber: binary.BigEndian.Uint16(random[4:]) & 0x7fff,
	}
	return t
}

var errNotBound = errors.New("rtc: the connection has not bound the track")

// write sends one packet of media and counts it for the Sender Reports.
func (t *track) write(timestamp uint32, marker bool, payload []byte) error {
	if err := t.send(timestamp, marker, payload); err != nil {
		return err
	}
	t.packets.Add(1)
	t.octets.Add(uint32(len(payload))) //nolint:gosec // a packet's size
	return nil
}

// send gives a packet the next sequence number and hands it to pion.
func (t *track) send(timestamp uint32, marker bool, payload []byte) error {
	w := t.writer.Load()
	if w == nil {
		return errNotBound
	}
	t.header.Timestamp, t.header.Marker = timestamp, marker
	if t.history != nil {
		t.history.add(&t.header, payload)
	}
	_, err := (*w).WriteRTP(&t.header, payload)
	t.header.SequenceNumber++
	return err
}

// retransmit sends a packet of the past again, and reports whether it did. Only the goroutine that reads the track's feedback calls it.
func (t *track) retransmit(sequence uint16) bool {
	w := t.writer.Load()
	return w != nil && t.history != nil && t.history.retransmit(sequence, time.Now(), (*w).WriteRTP)
}

// Bind implements webrtc.TrackLocal.
func (t *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w := c.WriteStream()
	t.writer.Store(&w)
	return t.codec, nil
}

// Unbind implements webrtc.TrackLocal.
func (t *track) Unbind(webrtc.TrackLocalContext) error {
	t.writer.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *track) ID() string { return t.kind.String() }

// RID implements webrtc.TrackLocal: there is one layer, and a rid extension would corrupt the receivers' demultiplexing.
func (t *track) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *track) StreamID() string { return "gotgcall" }

// Kind implements webrtc.TrackLocal.
func (t *track) Kind() webrtc.RTPCodecType { return t.kind }
