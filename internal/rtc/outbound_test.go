package rtc

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"gotgcall/internal/leak"
)

func TestASocketSendsToAddressesInEveryForm(t *testing.T) {
	leak.Check(t)
	for name, c := range map[string]struct {
		host string
		form func(netip.Addr) netip.Addr
	}{
		"IPv4":                {"127.0.0.1", netip.Addr.Unmap},
		"IPv4 in one of IPv6": {"127.0.0.1", func(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }},
		"IPv6":                {"::1", netip.Addr.Unmap},
	} {
		t.Run(name, func(t *testing.T) {
			listen := func() *net.UDPConn {
				conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(c.host)})
				if err != nil {
					t.Skip("this machine has no such address:", err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				return conn
			}
			from, to := newSenderConn(listen(), time.Hour, &handshake{}), listen()
			at := to.LocalAddr().(*net.UDPAddr).AddrPort()
			if n, err := from.WriteToAddrPort([]byte("hello"), netip.AddrPortFrom(c.form(at.Addr()), at.Port())); n != 5 || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
			buffer := make([]byte, 10)
			n, sender, err := to.ReadFromUDPAddrPort(buffer)
			if err != nil || string(buffer[:n]) != "hello" || sender.Port() != from.LocalAddr().(*net.UDPAddr).AddrPort().Port() {
				t.Errorf("%q from %s, %v", buffer[:n], sender, err)
			}
			if err := from.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := from.WriteToAddrPort([]byte("hello"), at); err == nil {
				t.Error("a closed socket sends")
			}
		})
	}
}
