package sfutest

import (
	"fmt"
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

// farFuture ends a blackout that has no end.
var farFuture = time.Unix(1<<40, 0)

// SendRTCP sends these packets as one compound packet.
func (e *Endpoint) SendRTCP(packets ...rtcp.Packet) error {
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		return fmt.Errorf("sfutest: marshalling RTCP: %w", err)
	}
	return e.SendRTCPBytes(plain)
}

// SendRTCPBytes encrypts and sends what may be RTCP or not: its first four bytes have to look like an RTCP header, and it has eight at
// least.
func (e *Endpoint) SendRTCPBytes(b []byte) error {
	return e.send(func() ([]outgoing, error) { return e.sealBytesLocked(b) })
}

// SendPLI asks for a key frame of the video, as when a viewer subscribes.
func (e *Endpoint) SendPLI() error {
	return e.send(func() ([]outgoing, error) { return e.pliLocked(time.Now()), nil })
}

// SendFIR asks for a key frame by the other message that exists for it.
func (e *Endpoint) SendFIR() error {
	return e.send(func() ([]outgoing, error) {
		e.counters.FIRs++
		e.requestedLocked(time.Now())
		return e.sealLocked(&rtcp.FullIntraRequest{
			SenderSSRC: e.feedbackSSRC, MediaSSRC: e.VideoSSRC(),
			FIR: []rtcp.FIREntry{{SSRC: e.VideoSSRC(), SequenceNumber: uint8(e.counters.FIRs)}}, // RFC 5104 §4.3.1: modulo 256
		}), nil
	})
}

// SendNACK asks for packets again, whether they arrived or not.
func (e *Endpoint) SendNACK(ssrc uint32, seqs ...uint16) error {
	return e.send(func() ([]outgoing, error) {
		e.countNACKsLocked(ssrc, seqs, time.Now())
		return e.sealLocked(&rtcp.TransportLayerNack{
			SenderSSRC: e.feedbackSSRC, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
		}), nil
	})
}

// SendREMB tells the client to send at most this many bits per second.
func (e *Endpoint) SendREMB(bitrate float32) error {
	return e.SendRTCP(&rtcp.ReceiverEstimatedMaximumBitrate{
		SenderSSRC: e.feedbackSSRC, Bitrate: bitrate, SSRCs: slices.DeleteFunc([]uint32{e.VideoSSRC(), e.AudioSSRC()}, isZero),
	})
}

func isZero(ssrc uint32) bool { return ssrc == 0 }

// SendRTP encrypts and sends a packet to the client.
func (e *Endpoint) SendRTP(p *rtp.Packet) error {
	plain, err := p.Marshal()
	if err != nil {
		return fmt.Errorf("sfutest: marshalling RTP: %w", err)
	}
	return e.send(func() ([]outgoing, error) {
		b, err := e.tx.EncryptRTP(nil, plain, nil)
		if err != nil {
			return nil, fmt.Errorf("sfutest: encrypting RTP: %w", err)
		}
		return []outgoing{{e.ice.selected.path, b}}, nil
	})
}

// SendForeignRTP sends n packets of another participant's audio: 20 ms of silence each, all at once.
func (e *Endpoint) SendForeignRTP(ssrc uint32, n int) error {
	for i := range n {
		p := &rtp.Packet{
			Header: rtp.Header{
				Version: 2, PayloadType: jsonparams.PayloadTypeOpus, SSRC: ssrc,
				SequenceNumber: uint16(i), Timestamp: uint32(i * jsonparams.ClockRateOpus / 50), Marker: i == 0, // modulo
			},
			Payload: []byte{0xf8, 0xff, 0xfe}, // CELT, 20 ms, mono: silence
		}
		if err := p.SetExtension(jsonparams.ExtAudioLevel, []byte{127}); err != nil {
			return fmt.Errorf("sfutest: setting the audio level: %w", err)
		}
		if err := e.SendRTP(p); err != nil {
			return err
		}
	}
	return nil
}

// SendJunk sends bytes to the client's address as they are.
func (e *Endpoint) SendJunk(b []byte) error {
	return e.send(func() ([]outgoing, error) { return []outgoing{{e.ice.selected.path, b}}, nil })
}

// send makes datagrams under the lock and sends them.
func (e *Endpoint) send(build func() ([]outgoing, error)) error {
	e.mu.Lock()
	if e.phase != PhaseConnected {
		defer e.mu.Unlock()
		return fmt.Errorf("%w: chat %d, phase %s", ErrNotConnected, e.chatID, e.phase)
	}
	out, err := build()
	e.mu.Unlock()
	e.flush(out)
	return err
}

// Kick forgets the client without a word; its Err is ErrKicked.
func (e *Endpoint) Kick() { e.end(ErrKicked) }

// CloseNotify ends the DTLS connection in the polite way, and forgets the client; its Err is ErrKicked. Before the handshake is complete, of which the client
// knows earlier than the server, it is Kick: wait for a packet first.
func (e *Endpoint) CloseNotify() {
	e.mu.Lock()
	e.polite = true
	e.mu.Unlock()
	e.end(ErrKicked)
}

// Blackout loses everything in both directions from now on, or no longer. It is as if the network between client and server were cut: the
// endpoint ends like any other when its consent checks stay unanswered for too long.
func (e *Endpoint) Blackout(on bool) {
	until := time.Time{}
	if on {
		until = farFuture
	}
	e.setBlackout(until)
}

// BlackoutFor loses everything in both directions for so long.
func (e *Endpoint) BlackoutFor(d time.Duration) { e.setBlackout(time.Now().Add(d)) }

func (e *Endpoint) setBlackout(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blackoutUntil = until
}

// StopConsent has the server no longer answer the client's checks nor make any of its own, for ever. Everything else goes on.
func (e *Endpoint) StopConsent() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ice.deaf = true
}
