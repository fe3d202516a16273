// Bench measures what calls cost: CPU, memory, goroutines and descriptors of this library over the loopback interface, beside a bare pion
// PeerConnection and a bare seal-and-send that send the same packets in the same kind of run. "make bench" runs it; docs/PERFORMANCE.md has its
// output and what follows from it.
//
//	go run ./bench                                     # all rows, in less than five minutes
//	go run ./bench -what opus,peer -calls 100 -for 30s # two rows, in more detail
//	go run ./bench -what opus -calls 100 -profiles /tmp/p   # with a CPU and a heap profile of the sender
//
// Each row runs in two processes of its own: the sender, which is measured, and the receiver, which is sfutest in sink mode and never decrypts.
// So the figures of a row are those of one process from its first call on, and the receiver's work is in none of them.
package main
