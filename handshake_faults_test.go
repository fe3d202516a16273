package gotgcall_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall"
	"gotgcall/sfutest"
)

// flights are those of a DTLS handshake in which both sides have a certificate (RFC 6347 section 4.2.4, figure 1). The server of the call is the DTLS
// client (docs/WIRE.md section 4), and the library asks for no cookie: then 2 and 3 are missing.
var flights = map[int]string{
	1: "ClientHello", 2: "HelloVerifyRequest", 3: "ClientHello with its cookie", 4: "ServerHello to ServerHelloDone",
	5: "Certificate to Finished of the client", 6: "ChangeCipherSpec and Finished of the server",
}

// flightOf returns the flight that a datagram is of, 0 when it is not of a handshake.
func flightOf(d sfutest.Direction, b []byte) int {
	const (
		changeCipherSpec, handshake = 20, 22 // content types
		clientHello, helloVerify    = 1, 3   // messages
		header, message             = 13, 12 // bytes
	)
	if len(b) < header || b[0] != handshake && b[0] != changeCipherSpec {
		return 0
	}
	clear := b[0] == handshake && binary.BigEndian.Uint16(b[3:]) == 0 // the epoch
	switch {
	case clear && b[header] == clientHello:
		session := header + message + 2 + 32 // behind version and random
		if cookie := session + 1 + int(b[session]); b[cookie] > 0 {
			return 3
		}
		return 1
	case clear && b[header] == helloVerify:
		return 2
	case d == sfutest.ToClient:
		return 5
	case clear:
		return 4
	}
	return 6
}

// oneFlight loses a flight of each handshake once: all datagrams of it that leave together.
type oneFlight struct {
	number int

	mu   sync.Mutex
	at   time.Time // when it was lost
	lost int       // datagrams
	sent int       // datagrams of it, lost or not
}

func (f *oneFlight) lose(d sfutest.Direction, b []byte) bool {
	if flightOf(d, b) != f.number {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.sent++; f.at.IsZero() {
		f.at = now
	}
	if !now.Equal(f.at) {
		return false
	}
	f.lost++
	return true
}

func TestEachFlightOfTheHandshakeMayBeLostOnce(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		flights []int
		engine  func(*webrtc.SettingEngine)
	}{
		"as it is":      {[]int{1, 4, 5, 6}, nil},
		"with a cookie": {[]int{1, 2, 3, 4, 5, 6}, func(s *webrtc.SettingEngine) { s.SetDTLSInsecureSkipHelloVerify(false) }},
	} {
		for _, number := range c.flights {
			t.Run(fmt.Sprintf("%s, %d %s", kind, number, flights[number]), func(t *testing.T) {
				f := &oneFlight{number: number}
				ground{engine: c.engine, server: []sfutest.Option{sfutest.WithDrop(f.lose)}}.run(t, func(t *testing.T, w *world) {
					begin := time.Now()
					ep := w.join(1)
					must(t, ep.WaitConnected(t.Context()))
					// The server repeats what it has sent after 100 ms, the library after 50 ms. What one of them has to repeat because the other one did is there at twice that.
					if took := time.Since(begin); took > 300*time.Millisecond {
						t.Errorf("the handshake took %v", took)
					}
					must(t, w.client.SetStreamSources(1, song{packets: 50}))
					time.Sleep(time.Minute)
					if n := len(w.records(1)); n != 50 {
						t.Errorf("%d packets arrived, expected 50", n)
					}
					if f.lost == 0 || f.sent == f.lost {
						t.Errorf("%d datagrams of %d were lost, expected those of one time of two at least", f.lost, f.sent)
					}
					w.expectStates(gotgcall.Connecting, gotgcall.Connected)
					w.noViolations()
				})
			})
		}
	}
}
