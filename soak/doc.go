//go:build unix

// Soak runs many calls at once through a random walk over everything a bot can do, while their child processes are killed and stopped, packets are lost and
// connections black out; and it keeps account of every song:
//
//	songs started = ended + replaced + stopped
//
// to the unit: after each operation the ends that were told have to fit what was started and what plays now. An end that is told twice, or of nothing, or
// not at all, a call of the API that hangs, what the server finds wrong with the packets, and whatever is left behind are violations: then it exits with
// 1. The dice of each call depend on the seed alone, which is printed. What the machine makes of them does not: a call that fails begins anew, and its
// dice go on.
//
//	go run ./soak -for 10m -calls 200 -seed 1
package main
