package sfutest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"io"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
)

// peerOptions are what tests vary in a client.
type peerOptions struct {
	net         transport.Net
	controlling bool // a=ice-lite in the offer
	keepICE     bool // do not close with DTLS
	wrongPrint  bool // the payload announces another certificate
	srtp        []dtls.SRTPProtectionProfile
	noRTX       bool // NACKs are left unanswered
}

// peer is a client: a plain pion PeerConnection that answers, as an application would use it, with RTP written by hand.
type peer struct {
	t             *testing.T
	payload       jsonparams.JoinPayload
	pc            *webrtc.PeerConnection
	audio, video  *peerTrack
	transportSeq  atomic.Uint32
	filming       atomic.Bool // there was video
	noPadding     bool        // of a video that was never there
	padded        time.Time
	epoch         time.Time
	readers       sync.WaitGroup
	opts          peerOptions
	mu            sync.Mutex // guards what follows
	sentVideo     map[uint16]rtp.Packet
	rtxSeq        uint16
	received      map[string]int // RTCP by type
	receivedNACKs []uint16
}

// peerTrack gives access to the SRTP stream of a sender.
type peerTrack struct {
	kind   webrtc.RTPCodecType
	stream atomic.Pointer[webrtc.TrackLocalWriter]
	seq    uint16
	stamp  uint32
	sent   uint32
	bytes  uint32
	frames int
}

func (t *peerTrack) ID() string                { return t.kind.String() }
func (t *peerTrack) StreamID() string          { return "peer" }
func (t *peerTrack) RID() string               { return "" }
func (t *peerTrack) Kind() webrtc.RTPCodecType { return t.kind }
func (t *peerTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w := c.WriteStream()
	t.stream.Store(&w)
	return c.CodecParameters()[0], nil
}
func (t *peerTrack) Unbind(webrtc.TrackLocalContext) error { return nil }

// newPeer makes a client that has not connected yet; it ends with the test.
func newPeer(t *testing.T, o peerOptions) *peer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	cert, err := webrtc.GenerateCertificate(key)
	must(t, err)
	prints, err := cert.GetFingerprints()
	must(t, err)
	p := &peer{t: t, opts: o, epoch: time.Now(), sentVideo: map[uint16]rtp.Packet{}, received: map[string]int{}}
	p.audio = &peerTrack{kind: webrtc.RTPCodecTypeAudio, seq: uint16(randomSSRC()), stamp: randomSSRC()}
	p.video = &peerTrack{kind: webrtc.RTPCodecTypeVideo, seq: uint16(randomSSRC()), stamp: randomSSRC()}
	p.payload = jsonparams.JoinPayload{
		SSRC: randomSSRC(), Ufrag: randomText(8), Pwd: randomText(24),
		Fingerprints: []jsonparams.Fingerprint{{Hash: prints[0].Algorithm, Setup: "passive", Value: prints[0].Value}},
		SSRCGroups:   []jsonparams.SSRCGroup{{Semantics: "FID", Sources: []uint32{randomSSRC(), randomSSRC()}}},
	}
	if o.wrongPrint {
		other, err := newCertificate()
		must(t, err)
		p.payload.Fingerprints[0].Value = fingerprint("sha-256", other.Certificate[0])
	}
	p.open(*cert)
	return p
}

func (p *peer) open(cert webrtc.Certificate) {
	media := &webrtc.MediaEngine{}
	for _, c := range []webrtc.RTPCodecParameters{
		{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}},
		{PayloadType: 100, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}},
		{PayloadType: 101, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=100"}},
	} {
		kind := webrtc.RTPCodecTypeVideo
		if c.PayloadType == 111 {
			kind = webrtc.RTPCodecTypeAudio
		}
		must(p.t, media.RegisterCodec(c, kind))
	}
	var s webrtc.SettingEngine
	s.SetICECredentials(p.payload.Ufrag, p.payload.Pwd)
	must(p.t, s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer))
	s.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetICEMaxBindingRequests(100)
	s.SetICETimeouts(5*time.Second, 25*time.Second, time.Second)
	s.DisableCloseByDTLS(p.opts.keepICE)
	s.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	if p.opts.net != nil {
		s.SetNet(p.opts.net)
	} else {
		s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	}
	if p.opts.srtp != nil {
		s.SetSRTPProtectionProfiles(p.opts.srtp...)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(s), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{cert}})
	must(p.t, err)
	p.pc = pc
	p.t.Cleanup(p.close)
	for track, ssrc := range map[*peerTrack]uint32{p.audio: p.payload.SSRC, p.video: p.videoSSRC()} {
		tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{
			Direction:     webrtc.RTPTransceiverDirectionSendonly,
			SendEncodings: []webrtc.RTPEncodingParameters{{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: webrtc.SSRC(ssrc)}}},
		})
		must(p.t, err)
		p.readers.Go(func() { p.readRTCP(tr.Sender()) })
	}
}

func (p *peer) videoSSRC() uint32 { return p.payload.SSRCGroups[0].Sources[0] }
func (p *peer) rtxSSRC() uint32   { return p.payload.SSRCGroups[0].Sources[1] }

func (p *peer) close() {
	_ = p.pc.Close()
	p.readers.Wait()
}

// readRTCP counts what the server sends, and answers NACKs.
func (p *peer) readRTCP(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			p.takeRTCP(packet)
		}
	}
}

func (p *peer) takeRTCP(packet rtcp.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch packet := packet.(type) {
	case *rtcp.ReceiverReport:
		p.received["RR"]++
	case *rtcp.TransportLayerCC:
		p.received["TWCC"]++
	case *rtcp.PictureLossIndication:
		p.received["PLI"]++
	case *rtcp.FullIntraRequest:
		p.received["FIR"]++
	case *rtcp.ReceiverEstimatedMaximumBitrate:
		p.received["REMB"]++
	case *rtcp.TransportLayerNack:
		p.received["NACK"]++
		for _, pair := range packet.Nacks {
			for _, seq := range pair.PacketList() {
				p.receivedNACKs = append(p.receivedNACKs, seq)
				if sent, ok := p.sentVideo[seq]; ok && !p.opts.noRTX {
					p.retransmitLocked(sent)
				}
			}
		}
	}
}

func (p *peer) retransmitLocked(sent rtp.Packet) {
	p.sendRTXLocked(sent.Header.Clone(), append(binary.BigEndian.AppendUint16(nil, sent.SequenceNumber), sent.Payload...))
}

func (p *peer) sendRTXLocked(h rtp.Header, payload []byte) {
	h.SSRC, h.PayloadType, h.SequenceNumber = p.rtxSSRC(), jsonparams.PayloadTypeRTX, p.rtxSeq
	p.rtxSeq++
	p.stamp(&h, nil)
	_, _ = (*p.video.stream.Load()).WriteRTP(&h, payload)
}

// sendRTX sends a packet on the RTX SSRC.
func (p *peer) sendRTX(h rtp.Header, payload []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sendRTXLocked(h, payload)
}

// resend sends a packet of video again.
func (p *peer) resend(seq uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retransmitLocked(p.sentVideo[seq])
}

// count returns how many RTCP packets of a type arrived.
func (p *peer) count(kind string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.received)[kind]
}

// connect gives the client the server's answer.
func (p *peer) connect(answer string) {
	p.t.Helper()
	a, err := jsonparams.ParseAnswer(answer, jsonparams.ParseOptions{AllowLoopback: true})
	must(p.t, err)
	p.answer(a.Offer(jsonparams.OfferOptions{Video: true, ICELite: p.opts.controlling}))
}

// connectWithData is connect with a data channel.
func (p *peer) connectWithData(answer string) {
	p.t.Helper()
	_, err := p.pc.CreateDataChannel("data", nil)
	must(p.t, err)
	a, err := jsonparams.ParseAnswer(answer, jsonparams.ParseOptions{AllowLoopback: true})
	must(p.t, err)
	offer := a.Offer(jsonparams.OfferOptions{Video: true})
	offer = strings.Replace(offer, "BUNDLE 0 1", "BUNDLE 0 1 2", 1)
	p.answer(offer + strings.Join([]string{
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2", "a=sctp-port:5000", "a=setup:active",
		"a=ice-ufrag:" + a.Ufrag, "a=ice-pwd:" + a.Pwd, "a=fingerprint:" + a.Strongest().Hash + " " + a.Strongest().Value, "",
	}, "\r\n"))
}

func (p *peer) answer(offer string) {
	p.t.Helper()
	must(p.t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}))
	local, err := p.pc.CreateAnswer(nil)
	must(p.t, err)
	must(p.t, p.pc.SetLocalDescription(local))
}

// stamp sets the header extensions that a good client sets; level nil leaves the audio level out.
func (p *peer) stamp(h *rtp.Header, level []byte) {
	h.Extensions, h.Extension = nil, false
	if level != nil {
		_ = h.SetExtension(jsonparams.ExtAudioLevel, level)
	}
	sent := ticks(time.Since(p.epoch), 1<<18)
	_ = h.SetExtension(jsonparams.ExtAbsSendTime, []byte{byte(sent >> 16), byte(sent >> 8), byte(sent)})
	_ = h.SetExtension(jsonparams.ExtTransportCC, binary.BigEndian.AppendUint16(nil, uint16(p.transportSeq.Add(1))))
}

// opus20 is a packet of 20 ms of CELT, stereo.
var opus20 = append([]byte{0xfc}, make([]byte, 159)...)

// sendAudio sends the next audio packet, as change leaves it, and pads a video that was never there.
func (p *peer) sendAudio(change func(*rtp.Packet)) {
	tr := p.audio
	if tr.sent == 0 {
		p.padded = time.Now()
	} else if !p.filming.Load() && !p.noPadding && time.Since(p.padded) >= 2*time.Second {
		p.padded = time.Now()
		p.sendPadding()
	}
	packet := &rtp.Packet{
		Header: rtp.Header{
			Version: 2, PayloadType: jsonparams.PayloadTypeOpus, SSRC: p.payload.SSRC, SequenceNumber: tr.seq, Timestamp: tr.stamp,
			Marker: tr.sent == 0,
		},
		Payload: opus20,
	}
	p.stamp(&packet.Header, []byte{0x80 | 20})
	tr.seq++
	tr.stamp += 960
	p.write(tr, packet, change)
}

// sendFrame sends a video frame of so many packets, 1/30 s long.
func (p *peer) sendFrame(packets int, change func(*rtp.Packet)) {
	tr := p.video
	for i := range packets {
		packet := &rtp.Packet{
			Header: rtp.Header{
				Version: 2, PayloadType: jsonparams.PayloadTypeVP8, SSRC: p.videoSSRC(), SequenceNumber: tr.seq, Timestamp: tr.stamp,
				Marker: i == packets-1,
			},
			Payload: vp8Payload(i == 0, tr.frames%30 == 0, tr.frames),
		}
		tr.seq++
		p.stamp(&packet.Header, nil)
		p.mu.Lock()
		p.sentVideo[packet.SequenceNumber] = rtp.Packet{Header: packet.Header.Clone(), Payload: packet.Payload}
		p.mu.Unlock()
		p.write(tr, packet, change)
	}
	tr.stamp += 3000
	tr.frames++
}

// sendPadding sends a packet of nothing but padding on the video SSRC, at the time of the frame before or, before the first frame, at its.
func (p *peer) sendPadding() {
	tr := p.video
	packet := &rtp.Packet{Header: rtp.Header{
		Version: 2, Padding: true, PaddingSize: 100, PayloadType: jsonparams.PayloadTypeVP8, SSRC: p.videoSSRC(), SequenceNumber: tr.seq,
		Timestamp: tr.stamp,
	}}
	tr.seq++
	p.stamp(&packet.Header, nil)
	p.write(tr, packet, nil)
}

// firstPicture is the id of the first frame: they wrap soon.
const firstPicture = pictureIDs - 20

// vp8Payload is a descriptor (RFC 7741 §4.2) with a picture id of 15 bits and the beginning of a frame of 320×240, or of anything.
func vp8Payload(start, key bool, picture int) []byte {
	body := make([]byte, 100)
	if start && !key {
		body[0] = 1 // P: not a key frame
	}
	if start && key {
		copy(body[3:], []byte{0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00}) // RFC 6386 §9.1
	}
	picture = (picture + firstPicture) % pictureIDs
	descriptor := []byte{0x80, 0x80, 0x80 | byte(picture>>8), byte(picture)}
	if start {
		descriptor[0] |= 0x10 // S: start of a partition
	}
	return append(descriptor, body...)
}

func (p *peer) write(tr *peerTrack, packet *rtp.Packet, change func(*rtp.Packet)) {
	if change != nil {
		change(packet)
	}
	tr.sent++
	tr.bytes += uint32(len(packet.Payload))
	if w := tr.stream.Load(); w != nil {
		_, _ = (*w).WriteRTP(&packet.Header, packet.Payload)
	}
}

// sendReport sends a Sender Report that maps the track's next timestamp to now.
func (p *peer) sendReport(tr *peerTrack, ssrc uint32, change func(*rtcp.SenderReport)) {
	now := time.Now()
	sr := &rtcp.SenderReport{
		SSRC: ssrc, NTPTime: toNTP(now), RTPTime: tr.stamp, PacketCount: tr.sent, OctetCount: tr.bytes,
	}
	if change != nil {
		change(sr)
	}
	_ = p.pc.WriteRTCP([]rtcp.Packet{sr})
}

func toNTP(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// play sends n audio packets at their times and a Sender Report each second; change may alter packet i.
func (p *peer) play(n int, change func(i int, packet *rtp.Packet)) {
	start := time.Now()
	for i := range n {
		sleepUntil(start.Add(time.Duration(i) * 20 * time.Millisecond))
		if i%50 == 0 {
			p.sendReport(p.audio, p.payload.SSRC, nil)
		}
		p.sendAudio(func(packet *rtp.Packet) {
			if change != nil {
				change(i, packet)
			}
		})
	}
}

// film sends n video frames of 3 packets at their times and a Sender Report each second.
func (p *peer) film(n int, change func(i int, packet *rtp.Packet)) {
	start := time.Now()
	p.filming.Store(true)
	for i := range n {
		sleepUntil(start.Add(time.Duration(i) * time.Second / 30))
		if i%30 == 0 {
			p.sendReport(p.video, p.videoSSRC(), nil)
		}
		p.sendFrame(3, func(packet *rtp.Packet) {
			if change != nil {
				change(i, packet)
			}
		})
	}
}

// sleepUntil is the pacer of these clients.
func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
