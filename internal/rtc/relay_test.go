package rtc

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pion/transport/v4"

	"gotgcall/internal/leak"
)

// dialRelay returns a connection as those to TURN servers are, and the server's end of it.
func dialRelay(t *testing.T) (transport.TCPConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var n networks
	network, err := n.sender(time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := network.DialTCP("tcp4", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = server.Close()
	})
	return conn, server
}

// TestATURNServerThatTakesNothingHoldsUpNobody: who writes is the scheduler of all calls. Were it held up, this test would not end.
func TestATURNServerThatTakesNothingHoldsUpNobody(t *testing.T) {
	leak.Check(t)
	conn, server := dialRelay(t)
	packet := bytes.Repeat([]byte{1, 2, 3, 4}, 300)
	sent, lost := 0, false
	for !lost { // the system keeps some megabytes
		n, err := conn.Write(packet)
		if lost = err != nil; lost && (n != 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			t.Fatalf("%d bytes, and the error is %v", n, err)
		}
		sent += n
	}
	got := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(io.LimitReader(server, int64(sent)))
		got <- all
	}()
	if all := <-got; !bytes.Equal(all, bytes.Repeat(packet, sent/len(packet))) {
		t.Errorf("%d bytes arrived, expected %d and whole packets", len(all), sent)
	}
	if _, err := conn.Write(packet); err != nil {
		t.Errorf("the server takes all again, and Write fails: %v", err)
	}
}

func TestWhatIsSaidToATURNServerAtLastArrives(t *testing.T) {
	leak.Check(t)
	conn, server := dialRelay(t)
	for range 100 {
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(server); err != nil || len(all) != 500 {
		t.Errorf("%d bytes arrived, expected 500: %v", len(all), err)
	}
	if _, err := conn.Write([]byte("hello")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close the error is %v", err)
	}
}

func TestAConnectionToATURNServerThatTakesNothingIsClosedAllTheSame(t *testing.T) {
	leak.Check(t)
	conn, _ := dialRelay(t)
	// What the system keeps is filled first: it would take what waits beside that, and Close would have nothing to wait for.
	system := conn.(*relayConn).TCPConn
	for n := 1; n > 0; {
		if err := system.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, _ = system.Write(make([]byte, 1<<20))
	}
	if err := system.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(make([]byte, 1200)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- conn.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Close waits for the server")
		_ = system.SetWriteDeadline(time.Now()) // so that it does not wait any more
	}
}
