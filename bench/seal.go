package main

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/srtp/v3"
)

// sealFleet is the least that any sender does: it seals packets with SRTP and writes each to the call's socket. There is nobody behind it.
type sealFleet struct {
	schedule
	to netip.AddrPort

	mu      sync.Mutex // guards what follows
	sockets []*net.UDPConn
}

func openSeals(r row, to *receiver) (fleet, error) {
	var addr string
	if err := to.Call("Receiver.Plain", 0, &addr); err != nil {
		return nil, err
	}
	f := &sealFleet{}
	var err error
	if f.to, err = netip.ParseAddrPort(addr); err != nil {
		return nil, err
	}
	f.run(r.Calls)
	return f, nil
}

func (f *sealFleet) join(_ context.Context, chat int64) error {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.sockets = append(f.sockets, socket)
	f.mu.Unlock()
	key := make([]byte, 16+12) // RFC 7714 §12: key and salt
	rand.Read(key)
	seal, err := srtp.CreateContext(key[:16], key[16:], srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		return err
	}
	p, err := newPacket(uint32(chat)) //nolint:gosec // a small number
	if err != nil {
		return err
	}
	plain, sealed := make([]byte, 1500), make([]byte, 1500)
	f.add(func(sequence uint16, timestamp uint32) {
		p.stamp(sequence, timestamp)
		n, err := p.header.MarshalTo(plain)
		if err != nil {
			return
		}
		n += copy(plain[n:], p.payload)
		if out, err := seal.EncryptRTP(sealed, plain[:n], &p.header); err == nil {
			_, _ = socket.WriteToUDPAddrPort(out, f.to)
		}
	})
	return nil
}

func (f *sealFleet) play(context.Context, int64) error { return nil }

func (f *sealFleet) close() {
	f.schedule.close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sockets {
		_ = s.Close()
	}
}
