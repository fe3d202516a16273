//go:build unix

// Soak runs many calls at once through a random walk over everything a bot can do, while their child processes are killed and stopped, packets are lost and
// connections black out. Up to three goroutines drive each call at the same time, between them it is looked at in peace. Account is kept of every track of
// what is played, that is of the sound and of the picture:
//
//	tracks started = ended + replaced + stopped
//
// to the unit: there has to be an order of what was started in which exactly the ends that were told lead to what plays now. An end that is told twice, or
// of nothing, or not at all, a change of the switches that is told to nobody, a call that should be heard at the server and is not, one of the API that
// hangs, whatever the server finds wrong with the packets, what is left behind, and what grows with each song, are violations: then it exits with 1.
//
// The walk has two parts. After each all calls are stopped, and what is left then is compared: the first part brings what everything needs once.
//
// The dice of each driver depend on the seed alone, which is printed. What the machine makes of them does not: a call that fails begins anew, and its
// dice go on.
//
//	go run ./soak -for 10m -calls 200 -seed 1
package main
