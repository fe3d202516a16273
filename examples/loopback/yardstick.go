package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// yardstick is how regularly this machine can send at all: a bare ticker of 20 ms that sends datagrams from one socket to another, beside
// the call and under the same load. A call cannot arrive more evenly.
type yardstick struct {
	// set at construction
	began   time.Time
	in, out net.Conn
	quit    chan struct{}
	running sync.WaitGroup

	stopping sync.Once

	// owned by the reading goroutine until stop has returned
	arrivals []time.Duration // since began
}

// startYardstick begins to send. Arrivals are counted from the moment began.
func startYardstick(began time.Time) (*yardstick, error) {
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("the yardstick's socket: %w", err)
	}
	out, err := net.Dial("udp4", in.LocalAddr().String())
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("the yardstick's socket: %w", err)
	}
	y := &yardstick{began: began, in: in, out: out, quit: make(chan struct{})}
	y.running.Go(y.send)
	y.running.Go(y.receive)
	return y, nil
}

func (y *yardstick) send() {
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	var datagram [160]byte // about what an Opus packet has
	for {
		select {
		case <-y.quit:
			return
		case <-ticker.C:
			_, _ = y.out.Write(datagram[:])
		}
	}
}

func (y *yardstick) receive() {
	buf := make([]byte, 1500)
	for {
		if _, err := y.in.Read(buf); err != nil {
			return // closed by stop
		}
		y.arrivals = append(y.arrivals, time.Since(y.began))
	}
}

// stop ends it and returns the arrivals. It may be called more than once.
func (y *yardstick) stop() []time.Duration {
	y.stopping.Do(func() { close(y.quit) })
	y.in.Close()
	y.out.Close()
	y.running.Wait()
	return y.arrivals
}
