// Package lab is a network of two hosts to test the library on: a Client on the one, the loopback server of package sfutest on the other, and between
// them everything that happens to real networks. It has tests only, and needs Linux: docs/LAB.md says how it works and how to run it.
package lab
