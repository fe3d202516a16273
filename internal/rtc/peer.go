package rtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// closeLimit bounds how long closing a PeerConnection is waited for. pion needs milliseconds.
const closeLimit = 1500 * time.Millisecond

// peer is one attempt at a connection: a PeerConnection with what hangs on it.
type peer struct {
	// set at construction
	pc           *webrtc.PeerConnection
	dtls         *webrtc.DTLSTransport
	audio, video *track
	log          *pionLog
	logger       *slog.Logger
	steps        steps
	lease        *lease // nil without shared sockets
	controlling  bool
	pwd          string // of our ICE credentials
	network      *senderNet
	changed      func() // called when one of the flags may have been set

	// set when the connection stands, before anybody else has the peer
	consent *time.Timer // looks at the server's consent

	// flags, each set once
	governed  atomic.Bool // the server has checked this side, as the controlling one
	nominated atomic.Bool // and has nominated a pair
	selected  atomic.Bool // ICE has a pair
	connected atomic.Bool // SRTP is ready
	broken    atomic.Bool // failed or closed, by whomever

	readers sync.WaitGroup
	closing sync.Once
	closed  chan struct{}

	mu    sync.Mutex
	ice   webrtc.ICETransportState
	onICE func()
}

// newPeer builds the PeerConnection and sets the synthetic offer; begin answers it. ctx bounds the DTLS handshake. The role is chosen by the
// offer's a=ice-lite. changed is called when it may have come further, from any goroutine, and must not block.
func (e *Engine) newPeer(ctx context.Context, a attempt, changed func()) (*peer, error) {
	id := a.id
	p := &peer{
		audio:  newTrack(webrtc.RTPCodecTypeAudio, opusCodec, id.Audio),
		video:  newTrack(webrtc.RTPCodecTypeVideo, vp8Codec, id.Video),
		log:    e.pionLog(id.Pwd, a.answer.Pwd),
		logger: e.config.Logger,
		steps:  a.steps,
		closed: make(chan struct{}),

		controlling: a.controlling,
		pwd:         id.Pwd,
		changed:     changed,
	}
	p.video.history = newHistory(id.RTX)
	if e.sockets != nil {
		var err error
		if p.lease, err = e.sockets.acquire(a.found); err != nil {
			return nil, err
		}
	}
	if err := p.open(ctx, e, a); err != nil {
		p.releaseSockets()
		return nil, err
	}
	offer := a.answer.Offer(jsonparams.OfferOptions{ICELite: a.controlling, Video: true})
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		p.close()
		return nil, fmt.Errorf("the offer made of the answer: %w", err)
	}
	return p, nil
}

// open makes the PeerConnection with its two senders.
func (p *peer) open(ctx context.Context, e *Engine, a attempt) error {
	settings, err := e.settings(ctx, a, p)
	if err != nil {
		return err
	}
	interceptors := &interceptor.Registry{}
	interceptors.Add(&stamper{epoch: time.Now()})
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(e.media),
		webrtc.WithInterceptorRegistry(interceptors),
		webrtc.WithSettingEngine(settings),
	)
	p.pc, err = api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{a.id.certificate},
		ICEServers:   iceServers(e.config.ICEServers),
	})
	if err != nil {
		return err
	}
	for _, t := range []*track{p.audio, p.video} {
		if err := p.addTrack(t); err != nil {
			p.close()
			return err
		}
	}
	p.watch()
	return nil
}

func (p *peer) addTrack(t *track) error {
	transceiver, err := p.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{
		Direction:     webrtc.RTPTransceiverDirectionSendonly,
		SendEncodings: []webrtc.RTPEncodingParameters{{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: webrtc.SSRC(t.ssrc)}}},
	})
	if err != nil {
		return err
	}
	p.dtls = transceiver.Sender().Transport()
	p.readers.Go(func() { t.readFeedback(transceiver.Sender()) })
	return nil
}

// watch follows the states. ICE states come in order, on one goroutine of pion's; those of the PeerConnection come each on a goroutine of
// its own, so they only set flags.
func (p *peer) watch() {
	p.steps.watch(p)
	p.pc.OnICEGatheringStateChange(func(s webrtc.ICEGatheringState) {
		p.steps.say("ICE gathering", "state", s.String())
		if s == webrtc.ICEGatheringStateComplete && p.mute() != nil {
			p.broken.Store(true)
			p.changed()
		}
	})
	p.dtls.ICETransport().OnConnectionStateChange(func(s webrtc.ICETransportState) {
		p.mu.Lock()
		p.ice = s
		changed := p.onICE
		p.mu.Unlock()
		switch s {
		case webrtc.ICETransportStateConnected, webrtc.ICETransportStateCompleted:
			p.selected.Store(true)
		case webrtc.ICETransportStateFailed:
			p.broken.Store(true)
		}
		if changed != nil {
			changed()
		}
		p.changed()
		p.steps.say("ICE", "state", s.String())
	})
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			p.connected.Store(true)
			p.changed()
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			p.breakOff()
		}
		p.steps.say("PeerConnection", "state", s.String())
	})
}

// breakOff says that the connection is of no more use.
func (p *peer) breakOff() {
	p.broken.Store(true)
	p.changed()
	p.mu.Lock()
	changed := p.onICE
	p.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// mute returns why the machine gave no socket to speak by, nil when there is one. Without, no check would ever be answered.
func (p *peer) mute() error {
	err := p.network.failure()
	if err == nil {
		return nil
	}
	if local := p.pc.LocalDescription(); local != nil && strings.Contains(local.SDP, "a=candidate:") {
		return nil
	}
	return withScarcity(err)
}

// progress tells whether the server has answered a check, and whether it may have selected a pair: one was nominated, by either side.
func (p *peer) progress() (answered, nominated bool) {
	nominated = p.nominated.Load()
	for _, s := range p.pc.GetStats() {
		if pair, ok := s.(webrtc.ICECandidatePairStats); ok {
			answered, nominated = answered || pair.ResponsesReceived > 0, nominated || pair.Nominated
		}
	}
	return answered, nominated
}

// iceFailed tells whether ICE has given up. It asks pion: the notification may come after that of the PeerConnection.
func (p *peer) iceFailed() bool {
	return p.dtls.ICETransport().State() == webrtc.ICETransportStateFailed
}

// begin answers the offer, which starts ICE.
func (p *peer) begin() error {
	local, err := p.pc.CreateAnswer(nil)
	if err == nil {
		err = p.pc.SetLocalDescription(local)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", models.ErrConnectionFailed, err)
	}
	return nil
}

// settings is the SettingEngine of one PeerConnection.
func (e *Engine) settings(ctx context.Context, a attempt, p *peer) (webrtc.SettingEngine, error) {
	id, limits := a.id, e.config.Timeouts
	s := webrtc.SettingEngine{LoggerFactory: p.log, BufferFactory: bufferFactory(id.Audio, id.Video)}
	s.SetICECredentials(id.Ufrag, id.Pwd)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(limits.Disconnected, limits.Failed, limits.Keepalive)
	s.SetICEMaxBindingRequests(uint16(e.checksPerPair(len(a.answer.Candidates)) - 1)) //nolint:gosec // 0…1000; pion makes one more
	s.SetNetworkTypes(e.networkTypes())
	s.SetIncludeLoopbackCandidate(true) // localFilter decides: a host's one public address may be on that interface
	s.SetICEBindingRequestHandler(p.checked)
	s.SetDTLSRetransmissionInterval(dtlsRetransmission)
	s.SetDTLSInsecureSkipHelloVerify(true) // the cookie is to prove the client's address (RFC 6347 §4.2.1), which ICE has done
	s.SetDTLSConnectContextMaker(func() (context.Context, func()) { return ctx, func() {} })
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	)
	network, err := e.networks.sender(lifeSpan(limits), a.found)
	if err != nil {
		return s, err
	}
	s.SetNet(network)
	s.SetIPFilter(localFilter(a.found, network.machine))
	p.network = network
	if p.lease != nil {
		s.SetICEUDPMux(p.lease.mux)
	}
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, err
	}
	if e.config.Settings != nil {
		e.config.Settings(&s)
	}
	return s, nil
}

// close ends the PeerConnection and waits for its goroutines, closeLimit at most. It may be called more than once; each call waits.
func (p *peer) close() {
	p.closing.Do(func() {
		p.broken.Store(true)
		if p.consent != nil {
			p.consent.Stop()
		}
		p.network.leave()
		go func() {
			defer close(p.closed)
			if err := p.pc.GracefulClose(); err != nil && !errors.Is(err, context.Canceled) {
				p.logger.Debug("closing the PeerConnection", "error", err)
			}
			p.readers.Wait()
			p.releaseSockets()
		}()
	})
	timer := time.NewTimer(closeLimit)
	defer timer.Stop()
	select {
	case <-p.closed:
	case <-timer.C:
		p.logger.Warn("the PeerConnection has not closed in time and goes on closing in the background", "limit", closeLimit)
	}
}

func (p *peer) releaseSockets() {
	if p.lease != nil {
		p.lease.release()
	}
}
