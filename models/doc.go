// Package models is the vocabulary of gotgcall: the enums, the states and the sentinel errors that every other package speaks.
//
// It imports nothing but the standard library. Programs normally use these names through package gotgcall, which aliases all of them.
package models
