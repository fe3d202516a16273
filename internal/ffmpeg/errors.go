package ffmpeg

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"gotgcall/models"
)

// ExitError tells how a program ended that did not exit with 0.
type ExitError struct {
	// Program is its name, such as "ffmpeg".
	Program string
	// Code is its exit code, -1 when a signal killed it or the code could not be had.
	Code int
	// Signal is the name of the signal that killed it, such as "SIGKILL"; empty when none did.
	Signal string
	// Stderr is the end of what it wrote to stderr, whole lines, 4 KiB at most, redacted.
	Stderr string

	// Limit says which limit of Config.ProcessLimits has ended it, and how much that allows; empty when none did.
	Limit string

	cause error // why the status is unknown
	told  bool  // the reason why we killed it is told beside it
}

// Unwrap returns the reason why the exit status could not be had, if so.
func (e *ExitError) Unwrap() error { return e.cause }

// Error says how the program ended, and why in the words of its last lines.
func (e *ExitError) Error() string {
	var text string
	switch {
	case e.cause != nil:
		return fmt.Sprintf("%s ended, its exit status is unknown: %v", e.Program, e.cause)
	case e.Signal == "SIGKILL" && !e.told && e.Limit == "":
		text = e.Program + " was killed by SIGKILL, from outside or because the system ran out of memory"
	case e.Signal != "":
		text = fmt.Sprintf("%s was killed by %s", e.Program, e.Signal)
	default:
		text = fmt.Sprintf("%s exited with code %d", e.Program, e.Code)
	}
	if e.Limit != "" {
		text += ": " + e.Limit
	}
	if last := lastLines(e.Stderr); last != "" {
		text += ": " + last
	}
	return text
}

// lastLines joins the last lines of a text, three at most, the last of which says what a program failed of and the others why.
func lastLines(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}

// spawnError says why a program could not be started and what can be done.
func spawnError(path string, err error) error {
	if errors.Is(err, models.ErrClosed) || errors.Is(err, errNotStarted) {
		return err
	}
	if advice := adviceFor(err); advice != "" {
		return fmt.Errorf("%w: %q: %w: %s", models.ErrFFmpegSpawn, path, err, advice)
	}
	return fmt.Errorf("%w: %q: %w", models.ErrFFmpegSpawn, path, err)
}

// adviceFor maps the causes that a system's administrator can do something about.
func adviceFor(err error) string {
	switch {
	case errors.Is(err, errLimits):
		return "a sandbox forbids prlimit(2) here; leave WithProcessLimits out"
	case errors.Is(err, syscall.EMFILE):
		return "this program has too many files open; raise its limit (ulimit -n)"
	case errors.Is(err, syscall.ENFILE):
		return "the system has too many files open; raise fs.file-max"
	case errors.Is(err, syscall.EAGAIN):
		return "too many processes; raise the limit (ulimit -u, or the container's pids limit)"
	case errors.Is(err, syscall.ENOMEM):
		return "the system is out of memory"
	case errors.Is(err, syscall.ENOEXEC):
		return "it is not a program for this system and processor; install the right build"
	case errors.Is(err, syscall.E2BIG):
		return "its arguments are too long"
	case errors.Is(err, fs.ErrPermission):
		return "it may not be run by this user, or its file system is mounted noexec"
	case errors.Is(err, fs.ErrNotExist):
		return "the file is there but the interpreter or loader it needs is not; install a build for this system"
	}
	return ""
}
