package main

import "time"

// result is what a row has shown.
type result struct {
	Row row
	// Wall is how long it was measured; the CPU times and the packets are those within.
	Wall, CPU, ChildrenCPU, ReceiverCPU time.Duration
	Busy                                float64 // part of all of the machine's CPU time that anybody used; negative: not known
	Packets, Lost                       int64
	// Heap, RSS, goroutines and descriptors with the calls, less those without.
	Heap, RSS             int64
	Goroutines            int
	Descriptors, Children int
	Joins, Firsts         []time.Duration // one a call; Firsts is from giving the source to the first packet's arrival
	Gaps                  gaps
	Drift                 time.Duration // of media time against the wall clock, median of the calls
	Allocs                uint64        // in the Go heap, within Wall
}

// gaps are the times between packets of a call at the receiver.
type gaps struct{ P50, P99, Max time.Duration }

// perPacket returns the CPU time that a packet costs the sender; 0 without packets.
func (r result) perPacket() time.Duration {
	if n := r.Packets + r.Lost; n > 0 {
		return r.CPU / time.Duration(n)
	}
	return 0
}

// allocsPerPacket returns the allocations that a packet costs the sender.
func (r result) allocsPerPacket() float64 {
	return float64(r.Allocs) / float64(max(1, r.Packets+r.Lost))
}

// perCall divides by the calls.
func (r result) perCall(n int64) float64 { return float64(n) / float64(max(1, r.Row.Calls)) }

// cores returns a CPU time in cores, that is, as part of the wall time.
func (r result) cores(cpu time.Duration) float64 { return cpu.Seconds() / max(r.Wall.Seconds(), 1e-9) }

// saturated is the part of a machine's CPU time beyond which latencies say more about the machine than about what runs on it.
const saturated = 0.9

// saturation tells whether the machine was at its end, with the CPU of both processes.
func (r result) saturation(cores int) bool {
	used := r.cores(r.CPU + r.ChildrenCPU + r.ReceiverCPU)
	return used >= saturated*float64(cores) || r.Busy >= saturated
}
