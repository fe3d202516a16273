package sfutest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

// dropMeter knows how many datagrams the system has dropped because this process did not read its sockets in time. That explains as many numbers that are
// missing. Its zero value explains nothing: over virtual networks, and where the system does not tell.
type dropMeter struct {
	sockets []*socket // set at construction
	tables  []string  // the system's tables of sockets; as above

	mu      sync.Mutex // guards what follows
	looked  time.Time
	before  int64 // by sockets that are closed
	now     int64 // by those that are open
	excused [numberings]int64
}

// numbering is a kind of numbers of packets. A datagram that is lost is missing in each of them.
type numbering uint8

const (
	streamNumbers    numbering = iota // of an SSRC
	transportNumbers                  // of a transport

	numberings
)

// dropsKept is how old the answer of the system may be: a number is missed only after holdMissing.
const dropsKept = holdMissing / 5

// newDropMeter returns the meter of sockets of the system's network.
func newDropMeter(sockets []*socket) dropMeter {
	return dropMeter{sockets: sockets, tables: []string{"/proc/net/udp", "/proc/net/udp6"}}
}

// excuse tells whether the system has dropped as many datagrams as are missing, but for those that have explained others of the same kind before.
func (m *dropMeter) excuse(kind numbering, missing int, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.looked) >= dropsKept {
		m.looked = now
		m.lookLocked()
	}
	if m.before+m.now-m.excused[kind] < int64(missing) {
		return false
	}
	m.excused[kind] += int64(missing)
	return true
}

// lookLocked asks the system. It needs the lock.
func (m *dropMeter) lookLocked() {
	var sum int64
	for _, name := range m.tables {
		table, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, s := range m.sockets {
			sum += dropsOf(table, s.addr)
		}
	}
	if sum < m.now { // sockets that were closed count from 0 again
		m.before += m.now
	}
	m.now = sum
}

// dropsOf reads the number of dropped datagrams of a local address in a table of Linux (proc_net_udp.txt of its documentation); 0 when it is not there.
func dropsOf(table []byte, local netip.AddrPort) (drops int64) {
	const place = 1 // of the local address; that of the drops is the last one
	var words []byte
	for address := local.Addr().AsSlice(); len(address) > 0; address = address[4:] {
		words = fmt.Appendf(words, "%08X", binary.NativeEndian.Uint32(address))
	}
	wanted := fmt.Appendf(words, ":%04X", local.Port())
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) <= place+1 || !bytes.Equal(fields[place], wanted) {
			continue
		}
		if n, err := strconv.ParseInt(string(fields[len(fields)-1]), 10, 64); err == nil && n > 0 {
			drops = n
		}
	}
	return drops
}
