// Package ffmpeg supervises child processes: it starts them, hands out their output, keeps the tail of what they complain about, and sees
// to it that nothing of them is left behind.
//
// A Runner belongs to one Client and shares nothing with another. Each child leads a process group of its own, in which it is killed
// together with everything it started. On Linux it also dies with the program that started it, however that ends; elsewhere only Close
// and Stop end it, except on Windows, where a job object does the same.
//
// The package knows no ffmpeg option. Which arguments to give is the business of package media.
package ffmpeg
