package rtc

import (
	"errors"
	"fmt"
	"syscall"
)

// scarcity says what there is to do when a socket was refused because there are too many open files, "" for any other error.
func scarcity(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "this program has too many files open; raise its limit (ulimit -n)"
	case errors.Is(err, syscall.ENFILE):
		return "the system has too many files open; raise fs.file-max"
	}
	return ""
}

// withScarcity appends that to an error.
func withScarcity(err error) error {
	if advice := scarcity(err); advice != "" {
		return fmt.Errorf("%w; %s", err, advice)
	}
	return err
}
