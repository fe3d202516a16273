package rtc

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// interfacesLife is how long a list of the machine's interfaces is used for new connections. To read it takes some system calls per interface, and each
// list keeps several kilobytes: a burst of connections shares one.
const interfacesLife = time.Second

// networks gives connections the system's network.
type networks struct {
	mu      sync.Mutex
	system  *stdnet.Net
	machine []netip.Addr // the addresses of its interfaces
	read    time.Time
}

// sender returns the network of a connection that sends media by the routes and receives none. life is as of senderConn. A list of interfaces without a
// route's local address is read anew, for that may have come since.
func (n *networks) sender(life time.Duration, found []route) (*senderNet, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	missing := slices.ContainsFunc(found, func(r route) bool { return !slices.Contains(n.machine, r.local) })
	if now := time.Now(); missing || now.Sub(n.read) >= interfacesLife {
		system, err := stdnet.NewNet()
		if err != nil {
			return nil, err
		}
		n.system, n.machine, n.read = system, interfaceAddresses(system), now
	}
	s := &senderNet{Net: n.system, life: life, machine: n.machine}
	s.going, s.leave = context.WithCancel(context.Background())
	return s, nil
}

// interfaceAddresses are those of the interfaces.
func interfaceAddresses(system *stdnet.Net) (all []netip.Addr) {
	interfaces, _ := system.Interfaces() // it only returns what it has read
	for _, i := range interfaces {
		addrs, _ := i.Addrs() // an interface without any is no error
		for _, a := range addrs {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				all = append(all, prefix.Addr().Unmap())
			}
		}
	}
	return all
}

// senderNet is the system's network whose UDP sockets are senderConns, and whose sockets and connections to TURN servers are relaySockets and relayConns.
type senderNet struct {
	// set at construction
	*stdnet.Net
	life    time.Duration // as of senderConn
	machine []netip.Addr  // the addresses of its interfaces
	going   context.Context
	leave   context.CancelFunc // ends what waits for a server

	handshake handshake // of the connection, which all its sockets know

	mu     sync.Mutex
	failed error // why the last socket that could not be opened was not
}

// ListenUDP implements transport.Net.
func (n *senderNet) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP(network, local)
	if err != nil {
		n.mu.Lock()
		n.failed = err
		n.mu.Unlock()
		return nil, err
	}
	return newSenderConn(conn, n.life, &n.handshake), nil
}

// ListenPacket implements transport.Net.
func (n *senderNet) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := n.Net.ListenPacket(network, address)
	if socket, ok := conn.(*net.UDPConn); ok && err == nil {
		return relaySocket{socket, newOutbound(socket)}, nil
	}
	return conn, err
}

// DialTCP implements transport.Net. It waits until leave at most: where a firewall drops what is sent to a TURN server the system goes on for two minutes,
// and pion closes nothing of a connection before it has what it gathers.
func (n *senderNet) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	var dialer net.Dialer
	if local != nil {
		dialer.LocalAddr = local
	}
	conn, err := dialer.DialContext(n.going, network, remote.String())
	if err != nil {
		return nil, err
	}
	return newRelayConn(conn.(*net.TCPConn)), nil
}

// failure returns why a socket could not be opened, nil when all could. pion only logs it.
func (n *senderNet) failure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}
