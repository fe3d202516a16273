package rtc

import (
	"net"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// interfacesLife is how long a list of the machine's interfaces is used for new connections. To read it takes some system calls per interface, and each
// list keeps several kilobytes: a burst of connections shares one. A connection that is made again because an address has gone comes later than that.
const interfacesLife = time.Second

// networks gives connections the system's network.
type networks struct {
	mu     sync.Mutex
	system *stdnet.Net
	read   time.Time
}

// sender returns the network of a connection that sends media and receives none. life is as of senderConn.
func (n *networks) sender(life time.Duration) (*senderNet, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := time.Now(); n.system == nil || now.Sub(n.read) >= interfacesLife {
		system, err := stdnet.NewNet()
		if err != nil {
			return nil, err
		}
		n.system, n.read = system, now
	}
	return &senderNet{Net: n.system, life: life}, nil
}

// senderNet is the system's network whose UDP sockets are senderConns.
type senderNet struct {
	*stdnet.Net
	life time.Duration // as of senderConn

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
	return newSenderConn(conn, n.life), nil
}

// failure returns why a socket could not be opened, nil when all could. pion only logs it.
func (n *senderNet) failure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}
