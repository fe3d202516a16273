package rtc

import (
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// Link is an established connection. Its write methods belong to one goroutine, the scheduler's; the others may be called from any.
type Link struct {
	// set at construction
	peer  *peer
	stats models.LinkStats

	// owned by the writing goroutine
	level [1]byte
	video vp8Packetizer

	closed atomic.Bool
}

func newLink(p *peer, took time.Duration) *Link {
	l := &Link{peer: p, video: newVP8Packetizer()}
	l.stats = models.LinkStats{Connect: took, Controlling: p.controlling}
	if pair, err := p.dtls.ICETransport().GetSelectedCandidatePair(); err == nil && pair != nil {
		l.stats.Local = net.JoinHostPort(pair.Local.Address, strconv.Itoa(int(pair.Local.Port)))
		l.stats.Remote = net.JoinHostPort(pair.Remote.Address, strconv.Itoa(int(pair.Remote.Port)))
	}
	return l
}

// Stats describes the connection.
func (l *Link) Stats() models.LinkStats { return l.stats }

// State returns Connected, Disconnected or Failed; Closed after Close.
func (l *Link) State() models.ConnState {
	if l.closed.Load() {
		return models.Closed
	}
	if l.peer.broken.Load() {
		return models.Failed
	}
	l.peer.mu.Lock()
	defer l.peer.mu.Unlock()
	if l.peer.ice == webrtc.ICETransportStateDisconnected {
		return models.Disconnected
	}
	return models.Connected
}

// Notify calls changed after every change of State, and once at once, so that none is missed. changed must not block; State tells it what
// is the case. Only one function can be registered.
func (l *Link) Notify(changed func()) {
	l.peer.mu.Lock()
	l.peer.onICE = changed
	l.peer.mu.Unlock()
	changed()
}

// AudioLevel is what the ssrc-audio-level extension says of a packet (RFC 6464): without it the server takes the packet for silence.
type AudioLevel byte

const (
	// Voice is a constant, moderate level: the library does not decode what it sends.
	Voice AudioLevel = 0x80 | 20
	// Silence marks Opus packets that carry no sound (DTX).
	Silence AudioLevel = 127
)

// track returns the stream of a leg.
func (l *Link) track(kind models.StreamType) *track {
	if kind == models.Video {
		return l.peer.video
	}
	return l.peer.audio
}

// BaseTime returns the base of a leg's RTP timestamps.
func (l *Link) BaseTime(kind models.StreamType) uint32 { return l.track(kind).baseTime }

// WriteAudio sends one Opus packet.
func (l *Link) WriteAudio(timestamp uint32, marker bool, level AudioLevel, packet []byte) error {
	t := l.peer.audio
	l.level[0] = byte(level)
	if len(t.header.Extensions) == 0 {
		if err := t.header.SetExtensionWithProfile(jsonparams.ExtAudioLevel, l.level[:], rtp.ExtensionProfileOneByte); err != nil {
			return err
		}
	}
	return t.write(timestamp, marker, packet)
}

// PacketizeVideo splits a VP8 frame into payloads for WriteVideo, to be sent in order and the last one with the marker.
func (l *Link) PacketizeVideo(frame []byte) [][]byte { return l.video.packetize(frame) }

// WriteVideo sends one payload of a frame; marker ends the frame.
func (l *Link) WriteVideo(timestamp uint32, marker bool, payload []byte) error {
	return l.peer.video.write(timestamp, marker, payload)
}

// WriteVideoPadding sends a packet of padding alone, which keeps the server's binding of a silent video SSRC alive (docs/WIRE.md §5).
func (l *Link) WriteVideoPadding(timestamp uint32) error {
	t := l.peer.video
	t.header.Padding, t.header.PaddingSize = true, videoPadding
	defer func() { t.header.Padding, t.header.PaddingSize = false, 0 }()
	return t.send(timestamp, false, nil)
}

// videoPadding is the number of padding octets of a packet that has nothing else.
const videoPadding = 4

// Report sends a leg's Sender Report, which maps the wall-clock time to the RTP timestamp.
func (l *Link) Report(kind models.StreamType, wall time.Time, timestamp uint32) error {
	return l.peer.pc.WriteRTCP([]rtcp.Packet{l.track(kind).report(wall, timestamp)})
}

// Remote returns what the server has said about a leg so far.
func (l *Link) Remote(kind models.StreamType) models.RemoteStats {
	t := l.track(kind)
	return t.feedback.snapshot(t.codec.ClockRate)
}

// Close ends the connection and waits until its goroutines are gone, 1.5 s at most. It is idempotent.
func (l *Link) Close() {
	l.closed.Store(true)
	l.peer.close()
}
