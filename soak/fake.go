//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// roles are what the fake ffmpeg does; the name of the file that it is to play tells which.
var roles = []string{"plays", "plays", "plays", "crashes", "exits", "hangs", "floods", "deaf", "garbage", "helper"}

// isFake tells whether this program was started in the place of ffmpeg.
func isFake() bool { return filepath.Base(os.Args[0]) == "ffmpeg" }

// fake plays ffmpeg. It returns the exit code.
func fake(args []string) int {
	input := ""
	if i := slices.Index(args, "-i"); i >= 0 && i+1 < len(args) {
		input = args[i+1]
	}
	if strings.Contains(strings.Join(args, " "), "rtmp://") {
		return swallow(os.Stdin, os.Stdout)
	}
	song := opus(4 * time.Second)
	if slices.Contains(args, "wav") {
		song = wav(4 * time.Second)
	}
	half := song[:len(song)/2]
	switch {
	case strings.Contains(input, "-crashes"):
		_, _ = os.Stdout.Write(half)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	case strings.Contains(input, "-exits"):
		_, _ = os.Stdout.Write(half)
		_, _ = io.WriteString(os.Stderr, "the input is broken\n")
		return 1
	case strings.Contains(input, "-hangs"):
		_, _ = os.Stdout.Write(half)
		time.Sleep(time.Hour)
	case strings.Contains(input, "-floods"):
		flood := bytes.Repeat([]byte("a line that nobody wants to read\n"), 1000)
		for range 500 {
			_, _ = os.Stderr.Write(flood)
		}
	case strings.Contains(input, "-deaf"):
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		_, _ = os.Stdout.Write(half)
		time.Sleep(time.Hour)
	case strings.Contains(input, "-garbage"):
		_, err := os.Stdout.Write(bytes.Repeat([]byte("<html>"), 2000))
		return code(err)
	case strings.Contains(input, "-helper"): // which holds the pipes for longer than this one lives
		helper := exec.Command("sleep", "3600")
		helper.Stdout, helper.Stderr = os.Stdout, os.Stderr
		if err := helper.Start(); err != nil {
			return 1
		}
	}
	_, err := os.Stdout.Write(song)
	return code(err)
}

// wav is silence as a broadcast takes it: 16 bits, stereo, 48 kHz, of a length that is not told.
func wav(length time.Duration) []byte {
	const rate, frame = 48000, 4
	header := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff")
	return append(header, make([]byte, int(length.Seconds()*rate)*frame)...)
}

// swallow takes a broadcast until it ends, and reports that the server has taken something of it.
func swallow(r io.Reader, progress io.Writer) int {
	if _, err := io.WriteString(progress, "total_size=100\n"); err != nil {
		return code(err)
	}
	_, err := io.Copy(io.Discard, r)
	return code(err)
}

func code(err error) int {
	if err != nil {
		return 1
	}
	return 0
}
