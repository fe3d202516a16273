//go:build unix

package gotgcall_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
)

// authority is a certificate that signs itself, for the loopback, and the file that says so.
func authority(t *testing.T) (cert tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a test's own authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	file = filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// gateway speaks TLS in front of an ingest, which listens at the given port.
type gateway struct {
	port     int
	asked    atomic.Int64 // connections
	accepted atomic.Int64 // those whose client has trusted the certificate
}

func startGateway(t *testing.T, cert tls.Certificate, behind int) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	g := &gateway{port: l.Addr().(*net.TCPAddr).Port}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			g.asked.Add(1)
			all.Go(func() { g.pass(tls.Server(client, &tls.Config{Certificates: []tls.Certificate{cert}}), behind) })
		}
	})
	return g
}

// pass carries one connection.
func (g *gateway) pass(client *tls.Conn, behind int) {
	defer client.Close()
	if client.Handshake() != nil {
		return
	}
	if _, err := client.Read(make([]byte, 0)); err != nil {
		return
	}
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", behind))
	if err != nil {
		return
	}
	defer server.Close()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, server)
		client.Close()
	})
	n, _ := io.Copy(server, client)
	if n > 0 {
		g.accepted.Add(1)
	}
	server.Close()
	back.Wait()
}

func TestABroadcastOverTLSGoesToATrustedServerOnly(t *testing.T) {
	if !apart(t) {
		return
	}
	cert, ca := authority(t)
	_, other := authority(t)
	url := func(g *gateway) string { return fmt.Sprintf("rtmps://127.0.0.1:%d/live/%s", g.port, streamKey) }

	t.Run("trusted", func(t *testing.T) {
		t.Setenv("SSL_CERT_FILE", ca)
		port := freePort(t)
		server, gate := startIngest(t, port), startGateway(t, cert, port)
		b := newBooth(t)
		must(t, b.client.StartRTMP(1, url(gate)))
		must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
		b.state(gotgcall.Connecting)
		b.state(gotgcall.Connected)
		b.reaches(1500)
		must(t, b.client.Stop(1))
		server.finished(t)
		if peak := slices.Max(server.loudness(t)); peak < 1000 {
			t.Errorf("the loudest sample is %d", peak)
		}
	})

	t.Run("not trusted", func(t *testing.T) {
		t.Setenv("SSL_CERT_FILE", other)
		port := freePort(t)
		server, gate := startIngest(t, port), startGateway(t, cert, port)
		b := newBooth(t)
		must(t, b.client.StartRTMP(1, url(gate)))
		must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
		b.state(gotgcall.Connecting)
		b.state(gotgcall.Failed) // at once: no other try can help
		reason := b.end()
		if !strings.Contains(reason, "certificate is not trusted") || !strings.Contains(reason, "SSL_CERT_FILE") || strings.Contains(reason, "Planted5ecretKey") {
			t.Errorf("the reason is %s", reason)
		}
		if stats, err := b.client.Stats(1); err != nil || stats.Push.Attempts != 1 || stats.Position != 0 {
			t.Errorf("after %d attempts, at %v, %v", stats.Push.Attempts, stats.Position, err)
		}
		is(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")), gotgcall.ErrConnectionFailed)
		must(t, b.client.Stop(1))
		b.noEnds()
		if gate.asked.Load() == 0 || gate.accepted.Load() != 0 {
			t.Errorf("of %d connections %d have sent something", gate.asked.Load(), gate.accepted.Load())
		}
		select {
		case <-server.done:
			t.Error("the server behind has seen a broadcast")
		default:
		}
	})
}
