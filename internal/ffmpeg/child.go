package ffmpeg

import (
	"os"
	"time"

	"gotgcall/models"
)

// spec is what the operating system needs to start a program.
type spec struct {
	path   string
	args   []string // the program's name first
	env    []string
	files  []*os.File // become the child's descriptors 0, 1, 2 and so on
	low    bool       // with a lower priority than ours
	limits models.ProcessLimits
}

// child is a started program with its group, as the operating system shows it. kill may be called at any time and by many; await and
// then reap are called once, by one goroutine.
type child interface {
	pid() int
	// await returns when the program itself has ended. What it started may live on.
	await()
	// kill ends the program and its group at once. It does nothing after reap.
	kill()
	// reap collects the exit status of a program that has ended, and gives up its pid.
	reap() status
}

// status is how a program ended.
type status struct {
	code   int           // of its exit; -1 when it did not exit by itself
	signal string        // that killed it, such as "SIGKILL"
	cpu    time.Duration // processor time of it and of what it has waited for; 0 where that is not known
	err    error         // the status could not be had
}

func (s status) ok() bool { return s.code == 0 && s.signal == "" && s.err == nil }
