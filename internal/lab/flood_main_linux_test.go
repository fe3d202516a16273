package lab

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The kinds of a flood.
const (
	floodMedia     = "RTP from the server's address"
	floodStrangers = "RTP from many strangers"
	floodReports   = "forged RTCP from the server's address"
	floodChecks    = "forged STUN, from the server's address and from strangers"
	floodNoise     = "noise, from the server's address and from strangers"
)

var floodKinds = []string{floodMedia, floodStrangers, floodReports, floodChecks, floodNoise}

// floodOrder is what a flood is to be, floodReport what it was.
type (
	floodOrder struct {
		Kind        string
		Count, Rate int // datagrams, and datagrams a second
		From, To    netip.AddrPort
	}
	floodReport struct{ Took time.Duration }
)

// floodMain is the process that sends.
func floodMain(args []string) int {
	var order floodOrder
	if err := json.Unmarshal([]byte(args[0]), &order); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	report, err := order.send()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// send sends everything, as evenly as a busy machine can. It writes IP headers of its own, so that it can have any address.
func (o floodOrder) send() (report floodReport, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)
	if err != nil {
		return report, fmt.Errorf("a raw socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	to := &unix.SockaddrInet4{Addr: o.To.Addr().As4()}
	rng := rand.New(rand.NewPCG(1, 2))
	begin := time.Now()
	for sent := 0; sent < o.Count; {
		due := min(o.Count, int(time.Since(begin).Seconds()*float64(o.Rate)))
		if sent >= due {
			time.Sleep(time.Millisecond) // the pace
			continue
		}
		for ; sent < due; sent++ {
			if err := unix.Sendto(fd, o.datagram(rng, sent), 0, to); err != nil && err != unix.ENOBUFS {
				return report, fmt.Errorf("sending: %w", err)
			}
		}
	}
	report.Took = time.Since(begin)
	return report, nil
}

// datagram makes the n-th one, with its IP and UDP headers.
func (o floodOrder) datagram(rng *rand.Rand, n int) []byte {
	const ipHeader, udpHeader = 20, 8
	from := o.From
	if o.Kind == floodStrangers || n%2 == 1 && (o.Kind == floodChecks || o.Kind == floodNoise) {
		a := from.Addr().As4()
		a[3] = byte(10 + rng.IntN(200)) // neighbours, whom the host takes for real
		from = netip.AddrPortFrom(netip.AddrFrom4(a), uint16(1024+rng.IntN(60000)))
	}
	payload := o.payload(rng, n)
	b := make([]byte, ipHeader+udpHeader, ipHeader+udpHeader+len(payload))
	source, target := from.Addr().As4(), o.To.Addr().As4()
	b[0], b[8], b[9] = 0x45, 64, unix.IPPROTO_UDP // version and length, TTL; the kernel fills in the rest
	copy(b[12:], source[:])
	copy(b[16:], target[:])
	binary.BigEndian.PutUint16(b[20:], from.Port())
	binary.BigEndian.PutUint16(b[22:], o.To.Port())
	binary.BigEndian.PutUint16(b[24:], uint16(udpHeader+len(payload))) // no checksum: 0 is allowed over IPv4 (RFC 768)
	return append(b, payload...)
}

// payload makes what is in the n-th datagram: nothing of it is authentic.
func (o floodOrder) payload(rng *rand.Rand, n int) []byte {
	const size = 172 // of a packet of speech
	b := make([]byte, size)
	switch o.Kind {
	case floodMedia, floodStrangers:
		b[0], b[1] = 0x80, 111
		binary.BigEndian.PutUint16(b[2:], uint16(n)) // sequence number
		binary.BigEndian.PutUint32(b[8:], uint32(n)) // SSRC
	case floodReports:
		b[0], b[1] = 0x81, 201 // a receiver report
		binary.BigEndian.PutUint16(b[2:], 7)
		binary.BigEndian.PutUint32(b[4:], rng.Uint32())
	case floodChecks:
		b = b[:60]
		binary.BigEndian.PutUint16(b, []uint16{0x0001, 0x0101, 0x0111, 0x0011}[n/2%4]) // request, success, error, indication
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20))
		binary.BigEndian.PutUint32(b[4:], 0x2112A442) // the magic cookie (RFC 8489 §5)
		for i := 8; i < 20; i++ {
			b[i] = byte(rng.Uint32())
		}
		binary.BigEndian.PutUint16(b[20:], 0x0006) // USERNAME
		binary.BigEndian.PutUint16(b[22:], 12)
		binary.BigEndian.PutUint16(b[36:], 0x0008) // MESSAGE-INTEGRITY
		binary.BigEndian.PutUint16(b[38:], 20)
	default:
		b = b[:1+rng.IntN(size)]
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
	return b
}
