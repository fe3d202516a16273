// Package pacer turns frames into wall-clock time. It has two halves that know nothing of each other:
//
//   - [Timeline] is the schedule: integers and durations in, deadlines and RTP timestamps out. It reads no clock.
//   - [Scheduler] is the clockwork: it runs many tasks, each at the deadline the task itself named, on one goroutine per shard.
package pacer
