package sfutest

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"
)

const (
	flightInterval  = 100 * time.Millisecond // of the first DTLS retransmission
	maxQueuedDTLS   = 512                    // datagrams
	maxReadErrors   = 100                    // in a row, before a connection is given up
	maxRecordBuffer = 16384                  // bytes of a DTLS record, RFC 6347 §4.1
)

var profiles = map[SRTPProfiles][]dtls.SRTPProtectionProfile{
	SRTPBoth:    {dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80},
	SRTPOnlyGCM: {dtls.SRTP_AEAD_AES_128_GCM},
	SRTPOnlyCM:  {dtls.SRTP_AES128_CM_HMAC_SHA1_80},
}

// secure makes the DTLS connection and reads it until it ends.
func (e *Endpoint) secure() {
	conn, err := e.handshake()
	if err != nil {
		e.end(fmt.Errorf("%w: %w", ErrHandshake, err))
		return
	}
	e.end(e.readData(conn))
}

// handshake makes the DTLS connection, as its client.
func (e *Endpoint) handshake() (*dtls.Conn, error) {
	var mismatch error
	conn, err := dtls.ClientWithOptions(e.dtls, e.dtls.peer(),
		dtls.WithCertificates(e.srv.certs.presented),
		dtls.WithInsecureSkipVerify(true), // certificates are self-signed; the fingerprint counts
		dtls.WithVerifyPeerCertificate(func(chain [][]byte, _ [][]*x509.Certificate) error {
			mismatch = e.verify(chain)
			return mismatch
		}),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(profiles[e.cfg.srtp]...),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.conn = conn
	e.mu.Unlock()
	if err := conn.HandshakeContext(e.ctx); err != nil {
		return nil, errors.Join(mismatch, err)
	}
	return conn, e.startMedia(conn)
}

// verify compares the client's certificate with the fingerprints of its join payload.
func (e *Endpoint) verify(chain [][]byte) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: it has none", ErrClientFingerprint)
	}
	for _, f := range e.payload.Fingerprints {
		if got := fingerprint(f.Hash, chain[0]); !strings.EqualFold(got, f.Value) {
			return fmt.Errorf("%w: %s is %s, announced was %s", ErrClientFingerprint, f.Hash, got, f.Value)
		}
	}
	return nil
}

// startMedia takes the keys out of the handshake (RFC 5764 §4.2) and processes what came early.
func (e *Endpoint) startMedia(conn *dtls.Conn) error {
	profile, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return errors.New("the client accepts none of the SRTP profiles")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("no connection state after the handshake")
	}
	keys := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := keys.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return err
	}
	rx, err := srtp.CreateContext(keys.Keys.RemoteMasterKey, keys.Keys.RemoteMasterSalt, keys.Profile)
	if err != nil {
		return err
	}
	tx, err := srtp.CreateContext(keys.Keys.LocalMasterKey, keys.Keys.LocalMasterSalt, keys.Profile)
	if err != nil {
		return err
	}
	e.mu.Lock()
	if e.phase == PhaseEnded {
		e.mu.Unlock()
		return errors.New("the endpoint ended meanwhile")
	}
	e.rx, e.tx = rx, tx
	e.phase = PhaseConnected
	now := time.Now()
	if e.cfg.reports > 0 {
		e.reportsDue = now.Add(e.cfg.reports)
	}
	if e.cfg.feedback > 0 {
		e.feedbackDue = now.Add(e.cfg.feedback)
	}
	var out []outgoing
	for _, d := range e.early {
		out = append(out, e.mediaLocked(d.b, d.at)...)
	}
	e.early = nil
	close(e.connected)
	e.mu.Unlock()
	e.flush(out)
	e.poke()
	return nil
}

// readData reads application data, which is SCTP and gets no answer, until the connection ends, and tells why it did.
func (e *Endpoint) readData(conn *dtls.Conn) error {
	b := make([]byte, maxRecordBuffer)
	for failures := 0; failures < maxReadErrors; {
		_, err := conn.Read(b)
		switch {
		case err == nil:
			failures = 0
			e.mu.Lock()
			e.counters.Data++
			e.mu.Unlock()
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
			return ErrPeerClosed
		default:
			failures++ // a record that could not be read; the connection lives
		}
	}
	return ErrPeerClosed
}

// dtlsPipe is the net.PacketConn under the DTLS connection: the endpoint's share of the server's socket.
type dtlsPipe struct {
	e    *Endpoint
	in   *packetio.Buffer
	sent atomic.Int64 // datagrams
	mute atomic.Bool
}

func newDTLSPipe(e *Endpoint) *dtlsPipe {
	p := &dtlsPipe{e: e, in: packetio.NewBuffer()}
	p.in.SetLimitCount(maxQueuedDTLS)
	return p
}

// push takes a datagram of the client; more than the connection reads are lost, as in a socket.
func (p *dtlsPipe) push(b []byte) { _, _ = p.in.Write(b) }

// silence keeps everything that is still written from being sent.
func (p *dtlsPipe) silence() { p.mute.Store(true) }

// peer is the address of the selected pair.
func (p *dtlsPipe) peer() net.Addr {
	sel := p.e.selected()
	return net.UDPAddrFromAddrPort(sel.peer)
}

// ReadFrom implements net.PacketConn.
func (p *dtlsPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.in.Read(b)
	if errors.Is(err, io.EOF) {
		err = net.ErrClosed
	}
	return n, p.peer(), err
}

// WriteTo implements net.PacketConn. The address is that of the selected pair, whatever it is said to be.
func (p *dtlsPipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if stall := p.e.cfg.dtlsStall; p.mute.Load() || stall != neverStall && p.sent.Add(1) > int64(stall) {
		return len(b), nil
	}
	p.e.flush([]outgoing{{p.e.selected(), slices.Clone(b)}})
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *dtlsPipe) Close() error { return p.in.Close() }

// LocalAddr implements net.PacketConn.
func (p *dtlsPipe) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.e.selected().sock.addr) }

// SetDeadline implements net.PacketConn.
func (p *dtlsPipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (p *dtlsPipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

// SetWriteDeadline implements net.PacketConn; writes do not wait.
func (p *dtlsPipe) SetWriteDeadline(time.Time) error { return nil }

// selected returns the path of the selected pair; there is one from PhaseNominated on.
func (e *Endpoint) selected() path {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ice.selected.path
}
