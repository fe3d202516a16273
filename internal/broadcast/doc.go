// Package broadcast makes one endless stream out of sound and pictures that come and go: what a broadcast to an RTMP server needs, whose
// connection ends when the stream falls silent.
//
// A [Mixer] takes samples and pictures at the time they are due, fills what is missing with silence and with the last picture, and writes raw
// Matroska: PCM and I420, for the standard input of an encoder. It reads no clock, knows no process and no network.
package broadcast
