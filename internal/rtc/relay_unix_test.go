//go:build unix

package rtc

import (
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

// dropping is the address of a server to which no connection comes about: nobody takes those that wait for it, and no more may.
func dropping(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		err = syscall.Listen(fd, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 10 {
		conn, err := net.DialTimeout("tcp4", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("this system takes connections that nobody waits for")
	return ""
}

// TestATURNServerBehindAFirewallDoesNotOutliveTheCall: the system tries to connect to it for minutes.
func TestATURNServerBehindAFirewallDoesNotOutliveTheCall(t *testing.T) {
	addr := dropping(t)
	leak.Check(t)
	server := models.ICEServer{URLs: []string{"turn:" + addr + "?transport=tcp"}, Username: "bot", Credential: "password"}
	link, _, _ := connected(t, Config{ICEServers: []models.ICEServer{server}})
	link.Close()
	select {
	case <-link.peer.closed:
	case <-time.After(hang):
		t.Errorf("the connection is still being closed %s after Close", hang)
	}
}
