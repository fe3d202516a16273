// Package leak lets a test prove that it left nothing behind: no goroutine, no open descriptor, no child process.
//
// It is imported by tests only; nothing of it reaches a program that uses the library.
package leak
