package sfutest

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// The head of Linux's table, and what two sockets look like in it on a little-endian machine.
const dropTable = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n" +
	"  101: 0100007F:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 17\n" +
	"  102: 0100007F:14EA 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1235 2 0000000000000000 4\n"

func TestDropsAreReadOfTheSocketThatIsMeant(t *testing.T) {
	for address, want := range map[string]int64{"127.0.0.1:5353": 17, "127.0.0.1:5354": 4, "127.0.0.1:5355": 0, "127.0.0.2:5353": 0, "[::1]:5353": 0} {
		if got := dropsOf([]byte(dropTable), netip.MustParseAddrPort(address)); got != want {
			t.Errorf("%s: %d, expected %d", address, got, want)
		}
	}
	const six = "  5: 00000000000000000000000001000000:14E9 00000000000000000000000000000000:0000 07 0 0 0 0 0 0 1 2 0 9\n"
	if got := dropsOf([]byte(six), netip.MustParseAddrPort("[::1]:5353")); got != 9 {
		t.Errorf("IPv6: %d, expected 9", got)
	}
}

func TestEachDroppedDatagramExplainsOneMissingNumberOfEachKind(t *testing.T) {
	table := filepath.Join(t.TempDir(), "udp")
	write := func(text string) {
		if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(dropTable)
	m := newDropMeter([]*socket{{addr: netip.MustParseAddrPort("127.0.0.1:5354")}})
	m.tables = []string{table, table + " is missing"}
	at := time.Now()
	for _, step := range []struct {
		kind    numbering
		missing int
		excused bool
	}{{streamNumbers, 3, true}, {streamNumbers, 2, false}, {streamNumbers, 1, true}, {streamNumbers, 1, false}, {transportNumbers, 4, true}, {transportNumbers, 1, false}} {
		if got := m.excuse(step.kind, step.missing, at); got != step.excused {
			t.Errorf("%d missing of kind %d: %v", step.missing, step.kind, got)
		}
	}
	write("") // the socket is closed, and another one takes its place
	if m.excuse(streamNumbers, 1, at.Add(dropsKept)) {
		t.Error("a closed socket has dropped more than it had")
	}
	write(dropTable)
	if !m.excuse(streamNumbers, 4, at.Add(2*dropsKept)) || m.excuse(streamNumbers, 1, at.Add(3*dropsKept)) {
		t.Error("what the next socket drops is not counted anew")
	}
}

func TestWhatTheSystemDropsIsCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system does not tell")
	}
	sock, err := listen(nil, netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.close()
	m := newDropMeter([]*socket{sock})
	if m.excuse(streamNumbers, 1, time.Now()) {
		t.Error("nothing was sent, and something is explained")
	}
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(sock.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for datagram := make([]byte, 1<<15); !m.excuse(streamNumbers, 1, m.looked.Add(dropsKept)); { // nobody reads: at some time the buffer is full
		if _, err := conn.Write(datagram); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzDrops reads tables of all kinds.
func FuzzDrops(f *testing.F) {
	f.Add([]byte(dropTable))
	f.Fuzz(func(t *testing.T, table []byte) {
		if n := dropsOf(table, netip.MustParseAddrPort("127.0.0.1:5353")); n < 0 {
			t.Errorf("%d datagrams were dropped", n)
		}
	})
}
