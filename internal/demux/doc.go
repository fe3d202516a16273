// Package demux turns container bytes into frames with integer media time.
//
// A demuxer is a pure function of the bytes it reads: it knows no clock, starts no goroutine and holds no process. It is pulled by one
// goroutine at a time.
package demux
