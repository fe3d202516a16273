package gotgcall_test

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"gotgcall"
	"gotgcall/sfutest"
)

// faultyNet is a virtual network whose sockets fail to send as long as there is a failure.
type faultyNet struct {
	*vnet.Net
	failure atomic.Pointer[net.OpError]
	failed  atomic.Int64 // sendings
}

// ListenUDP implements transport.Net.
func (n *faultyNet) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := n.Net.ListenUDP(network, local)
	return faultyConn{conn, n}, err
}

type faultyConn struct {
	transport.UDPConn
	net *faultyNet
}

// WriteTo implements net.PacketConn.
func (c faultyConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if err := c.net.failure.Load(); err != nil {
		c.net.failed.Add(1)
		return 0, err
	}
	return c.UDPConn.WriteTo(b, to)
}

func TestErrorsOfSendingLoseWhatWasToBeSentAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.ENETUNREACH, syscall.ENOBUFS} {
		t.Run(errno.Error(), func(t *testing.T) {
			var network *faultyNet
			options := []gotgcall.Option{gotgcall.WithSettingEngine(func(s *webrtc.SettingEngine) { s.SetNet(network) })}
			inFakeTimeWith(t, options, func(t *testing.T, w *world) {
				n := newHost(t, "198.51.100.3")
				must(t, w.router.AddNet(n))
				network = &faultyNet{Net: n}
				ep := w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 11 * 50}))
				time.Sleep(4*time.Second + 10*time.Millisecond) // between two packets
				network.failure.Store(&net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", errno)})
				time.Sleep(3 * time.Second)
				network.failure.Store(nil)
				time.Sleep(time.Minute)
				stats := ep.Stats(ep.AudioSSRC())
				if lost := stats.Lost; lost != 150 || stats.Packets != 400 || stats.Late != 0 || stats.Duplicates != 0 {
					t.Errorf("%d packets arrived, %d were lost, %d came late and %d twice; expected 400 of 550, and nothing late or twice",
						stats.Packets, lost, stats.Late, stats.Duplicates)
				}
				if n := network.failed.Load(); n <= 150 {
					t.Errorf("%d sendings failed, expected those of 150 packets, and of checks and reports", n)
				}
				if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
					t.Errorf("the ends were %v, expected the song's natural one", ends)
				}
				w.expectStates(gotgcall.Connecting, gotgcall.Connected)
				w.noViolations()
			}, sfutest.WithTolerances(sfutest.Tolerances{Loss: true, Burst: 50 * time.Millisecond}))
		})
	}
}
