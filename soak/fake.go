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
	"sync"
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
	tracks := outputs(args)
	switch {
	case strings.Contains(input, "-crashes"):
		_ = tracks.write(2)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	case strings.Contains(input, "-exits"):
		_ = tracks.write(2)
		_, _ = io.WriteString(os.Stderr, "the input is broken\n")
		return 1
	case strings.Contains(input, "-hangs"):
		_ = tracks.write(2)
		time.Sleep(time.Hour)
	case strings.Contains(input, "-floods"):
		flood := bytes.Repeat([]byte("a line that nobody wants to read\n"), 1000)
		for range 500 {
			_, _ = os.Stderr.Write(flood)
		}
	case strings.Contains(input, "-deaf"):
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		_ = tracks.write(2)
		time.Sleep(time.Hour)
	case strings.Contains(input, "-garbage"):
		for i := range tracks {
			tracks[i].media = bytes.Repeat([]byte("<html>"), 2000)
		}
	case strings.Contains(input, "-helper"): // which holds the pipes for longer than this one lives
		helper := exec.Command("sleep", "3600")
		helper.Stdout, helper.Stderr = os.Stdout, os.Stderr
		for _, o := range tracks {
			if o.to != os.Stdout {
				helper.ExtraFiles = append(helper.ExtraFiles, o.to)
			}
		}
		if err := helper.Start(); err != nil {
			return 1
		}
	}
	return code(tracks.write(1))
}

// output is a track that the fake writes.
type output struct {
	to    *os.File
	media []byte
}

type outputList []output

// outputs finds what is to be written where: behind each "-f FORMAT" stands the pipe that it is for, after other arguments.
func outputs(args []string) (list outputList) {
	format := ""
	for i, arg := range args {
		if arg == "-f" && i+1 < len(args) {
			format = args[i+1]
		}
		switch {
		case arg == "pipe:1":
			list = append(list, output{os.Stdout, fakeMedia(format)})
		case strings.HasPrefix(arg, "pipe:") && arg != "pipe:0":
			const extra = 3 // the first descriptor behind stderr
			list = append(list, output{os.NewFile(extra, arg), fakeMedia(format)})
		}
	}
	return list
}

// write writes a part of each track, all at the same time, as one that is not read must not hold up the other.
func (l outputList) write(part int) error {
	var all sync.WaitGroup
	errs := make([]error, len(l))
	for i, o := range l {
		all.Go(func() { _, errs[i] = o.to.Write(o.media[:len(o.media)/part]) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
