package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
)

// peerFleet is calls of pion alone: PeerConnections with what the server needs, and no interceptor.
type peerFleet struct {
	schedule
	to    *receiver
	media *webrtc.MediaEngine

	mu    sync.Mutex // guards what follows
	peers []*barePeer
}

// barePeer is one PeerConnection.
type barePeer struct {
	pc      *webrtc.PeerConnection
	audio   *bareTrack
	readers sync.WaitGroup
}

// bareTrack is a TrackLocal that keeps its writer.
type bareTrack struct {
	kind   webrtc.RTPCodecType
	codec  webrtc.RTPCodecParameters
	writer webrtc.TrackLocalWriter
}

var codecs = []webrtc.RTPCodecParameters{
	{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: rtpRate, Channels: jsonparams.ChannelsOpus, SDPFmtpLine: jsonparams.FmtpOpus,
		},
		PayloadType: jsonparams.PayloadTypeOpus,
	},
	{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: jsonparams.ClockRateVP8},
		PayloadType:        jsonparams.PayloadTypeVP8,
	},
}

// patience is how often a bare PeerConnection checks its pair until it gives up, every 200 ms.
const patience = 50

func openPeers(r row, to *receiver) (fleet, error) {
	f := &peerFleet{to: to, media: &webrtc.MediaEngine{}}
	for i, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if err := f.media.RegisterCodec(codecs[i], kind); err != nil {
			return nil, err
		}
	}
	f.run(r.Calls)
	return f, nil
}

// join connects as the library does: it answers an offer made of the server's answer.
func (f *peerFleet) join(ctx context.Context, chat int64) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return err
	}
	fingerprints, err := certificate.GetFingerprints()
	if err != nil {
		return err
	}
	me := jsonparams.JoinPayload{SSRC: uint32(chat)*3 + 1, Ufrag: randomText(4), Pwd: randomText(16)} //nolint:gosec // a small number
	for _, p := range fingerprints {
		me.Fingerprints = append(me.Fingerprints, jsonparams.Fingerprint{Hash: p.Algorithm, Setup: "passive", Value: strings.ToUpper(p.Value)})
	}
	me.SSRCGroups = []jsonparams.SSRCGroup{{Semantics: "FID", Sources: []uint32{me.SSRC + 1, me.SSRC + 2}}}
	text, err := f.to.Join(chat, me.Marshal())
	if err != nil {
		return err
	}
	answer, err := jsonparams.ParseAnswer(text, jsonparams.ParseOptions{AllowLoopback: true})
	if err != nil {
		return err
	}
	p, err := f.connect(ctx, me, *certificate, answer)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.peers = append(f.peers, p)
	f.mu.Unlock()
	return f.send(p, me.SSRC)
}

// send adds the PeerConnection to the schedule.
func (f *peerFleet) send(b *barePeer, ssrc uint32) error {
	p, err := newPacket(ssrc)
	if err != nil {
		return err
	}
	f.add(func(sequence uint16, timestamp uint32) {
		p.stamp(sequence, timestamp)
		_, _ = b.audio.writer.WriteRTP(&p.header, p.payload)
	})
	return nil
}

func (f *peerFleet) connect(
	ctx context.Context, me jsonparams.JoinPayload, certificate webrtc.Certificate, answer *jsonparams.Answer,
) (*barePeer, error) {
	var s webrtc.SettingEngine
	s.SetICECredentials(me.Ufrag, me.Pwd)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMaxBindingRequests(patience) // a thousand joins keep the machine busy
	s.SetInterfaceFilter(func(name string) bool { return strings.HasPrefix(name, "lo") })
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(f.media), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}})
	if err != nil {
		return nil, err
	}
	p := &barePeer{pc: pc}
	connected, failed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			once.Do(func() { close(connected) })
		case webrtc.PeerConnectionStateFailed:
			once.Do(func() { close(failed) })
		}
	})
	if err := p.answer(me, answer); err != nil {
		p.close()
		return nil, err
	}
	select {
	case <-connected:
		return p, nil
	case <-failed:
		err = errors.New("the bare PeerConnection has failed")
	case <-ctx.Done():
		err = fmt.Errorf("the bare PeerConnection is not connected: %w", ctx.Err())
	}
	p.close()
	return nil, err
}

// answer adds the two senders and answers the offer.
func (b *barePeer) answer(me jsonparams.JoinPayload, answer *jsonparams.Answer) error {
	for i, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		track := &bareTrack{kind: kind, codec: codecs[i]}
		t, err := b.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{
			Direction: webrtc.RTPTransceiverDirectionSendonly,
			SendEncodings: []webrtc.RTPEncodingParameters{
				{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: webrtc.SSRC(me.SSRC) + webrtc.SSRC(i)}}, //nolint:gosec // 0 or 1
			},
		})
		if err != nil {
			return err
		}
		if kind == webrtc.RTPCodecTypeAudio {
			b.audio = track
		}
		b.readers.Go(func() { // RTCP has to be read
			buffer := make([]byte, 1500)
			for {
				if _, _, err := t.Sender().Read(buffer); err != nil {
					return
				}
			}
		})
	}
	offer := answer.Offer(jsonparams.OfferOptions{Video: true})
	if err := b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return err
	}
	local, err := b.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	return b.pc.SetLocalDescription(local)
}

func (b *barePeer) close() {
	_ = b.pc.Close()
	b.readers.Wait()
}

func (f *peerFleet) play(context.Context, int64) error { return nil }

func (f *peerFleet) close() {
	f.schedule.close()
	f.mu.Lock()
	defer f.mu.Unlock()
	var closing sync.WaitGroup
	for _, p := range f.peers {
		closing.Go(p.close)
	}
	closing.Wait()
}

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Bind implements webrtc.TrackLocal.
func (t *bareTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.writer = c.WriteStream()
	return t.codec, nil
}

// Unbind implements webrtc.TrackLocal.
func (t *bareTrack) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID implements webrtc.TrackLocal.
func (t *bareTrack) ID() string { return t.kind.String() }

// RID implements webrtc.TrackLocal.
func (t *bareTrack) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *bareTrack) StreamID() string { return "bench" }

// Kind implements webrtc.TrackLocal.
func (t *bareTrack) Kind() webrtc.RTPCodecType { return t.kind }
