package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/rpc"
	"sync"
	"time"

	"github.com/pion/rtp"

	"gotgcall/internal/usage"
	"gotgcall/sfutest"
)

const (
	roleReceive = "receive-for-bench"
	roleSend    = "send-for-bench"
)

// Receiver is the process that the calls send to. Its methods are what the sender asks of it, in the way of net/rpc.
type Receiver struct {
	// set at construction
	servers []*sfutest.Server
	plain   *net.UDPConn // takes what is sealed and sent without a call

	mu     sync.Mutex // guards what follows
	sealed map[uint32][]arrival
}

// JoinArgs are those of phone.joinGroupCall.
type JoinArgs struct {
	Chat    int64
	Payload string
}

// Window is a time that is measured.
type Window struct{ Begin, End time.Time }

// Report is what arrived.
type Report struct {
	Packets, Lost int64
	Gaps          gaps
	Drift         time.Duration
	First         map[int64]time.Time // arrival of each chat's first packet
}

// receive is the receiver's process: it says where it listens and works until its standard input ends.
func receive(args []string, stdin io.Reader, stdout io.Writer) error {
	var r row
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &r) != nil {
		return errors.New("this part of the program is started by the other one")
	}
	receiver, err := newReceiver(r)
	if err != nil {
		return err
	}
	defer receiver.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	server := rpc.NewServer()
	if err := server.Register(receiver); err != nil {
		return err
	}
	go func() { // until l is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go server.ServeConn(conn) // until the sender hangs up
		}
	}()
	fmt.Fprintln(stdout, l.Addr())
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// recordSeconds is how much of the stream's end is kept beyond what is measured.
const recordSeconds = 20

func newReceiver(r row) (*Receiver, error) {
	receiver := &Receiver{sealed: map[uint32][]arrival{}}
	keep := int((r.Length + recordSeconds*time.Second) / frameLength)
	for i := range r.Addresses {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}), 0) //nolint:gosec // at most 254, see parse
		s, err := sfutest.NewServer(sfutest.WithSink(), sfutest.WithRecordLimit(keep), sfutest.WithListenAddr(addr.String()),
			sfutest.WithJoinTimeout(time.Minute))
		if err != nil {
			receiver.close()
			return nil, err
		}
		receiver.servers = append(receiver.servers, s)
	}
	var err error
	if receiver.plain, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		receiver.close()
		return nil, err
	}
	_ = receiver.plain.SetReadBuffer(4 << 20) // a kernel grants what it likes
	go receiver.readPlain()
	return receiver, nil
}

func (r *Receiver) close() {
	for _, s := range r.servers {
		_ = s.Close()
	}
	if r.plain != nil {
		_ = r.plain.Close()
	}
}

// readPlain takes note of the packets that belong to no call, until the socket is closed.
func (r *Receiver) readPlain() {
	buffer := make([]byte, 2048)
	var h rtp.Header
	for {
		n, _, err := r.plain.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if now := time.Now(); err == nil {
			if _, err := h.Unmarshal(buffer[:n]); err == nil {
				r.mu.Lock()
				r.sealed[h.SSRC] = append(r.sealed[h.SSRC], arrival{now, h.SequenceNumber, h.Timestamp})
				r.mu.Unlock()
			}
		}
	}
}

func (r *Receiver) server(chat int64) *sfutest.Server { return r.servers[int(chat)%len(r.servers)] }

// Join answers a join.
func (r *Receiver) Join(args JoinArgs, answer *string) (err error) {
	*answer, err = r.server(args.Chat).Join(args.Chat, args.Payload)
	return err
}

// Plain tells where packets go that belong to no call.
//
//nolint:unparam // net/rpc wants an error
func (r *Receiver) Plain(_ int, addr *string) error {
	*addr = r.plain.LocalAddr().String()
	return nil
}

// CPU tells how much the receiver has used so far.
func (r *Receiver) CPU(_ int, used *time.Duration) (err error) {
	*used, err = usage.CPUTime()
	return err
}

// Report tells what arrived from the chats numbered 1 and up; without any, what came without a call.
//
//nolint:unparam // net/rpc wants an error
func (r *Receiver) Report(w Window, to *Report) error {
	var t tally
	first := map[int64]time.Time{}
	for chat := int64(1); r.server(chat).Endpoint(chat) != nil; chat++ {
		e := r.server(chat).Endpoint(chat)
		first[chat] = e.Stats(e.AudioSSRC()).FirstArrival
		var packets []arrival
		for _, p := range e.Records(e.AudioSSRC()) {
			packets = append(packets, arrival{p.Arrival, p.Seq, p.Timestamp})
		}
		t.add(packets, w.Begin, w.End)
	}
	r.mu.Lock()
	for _, packets := range r.sealed {
		t.add(packets, w.Begin, w.End)
	}
	r.mu.Unlock()
	*to = t.report()
	to.First = first
	return nil
}
