//go:build !race

package gotgcall_test

// underRace says that the race detector is at work, which takes several times the memory, and of CPU for a handshake ten times as much.
const underRace = false
