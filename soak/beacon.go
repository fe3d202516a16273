//go:build unix

package main

import (
	"sync"
	"sync/atomic"
	"time"

	"gotgcall"
)

// beacon is a call that never connects, and whose events show how far a client's callbacks have come: they are told in the order in which they happen.
type beacon struct {
	client *gotgcall.Client
	told   atomic.Int64

	mu     sync.Mutex // guards what follows
	posted int64
}

// beaconChat is the beacon's.
const beaconChat = -1

// pass posts an event and waits until it is told.
func (b *beacon) pass(limit time.Duration) bool {
	b.mu.Lock()
	b.posted++
	ticket, toggle := b.posted, b.client.Mute
	if ticket%2 == 0 {
		toggle = b.client.Unmute
	}
	changed, err := toggle(beaconChat)
	b.mu.Unlock()
	if err != nil || !changed {
		return false
	}
	for deadline := time.Now().Add(limit); b.told.Load() < ticket; {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(time.Millisecond) // the interval of polling
	}
	return true
}
