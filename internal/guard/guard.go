// Package guard calls code that is not ours, a user's Source or Signaler, and code that reads bytes which nobody has checked. A panic in it is the
// error of the one thing that was being done, and not the end of the program with all its calls.
package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"gotgcall/models"
)

// Panic is the error of a call that has panicked. It is models.ErrInternal, and the cause if that is an error.
type Panic struct {
	// What was being done.
	What string
	// Cause is what panic was given.
	Cause any
	// Stack is that of the panic.
	Stack []byte
}

// Error names what was being done and the cause.
func (p *Panic) Error() string {
	return fmt.Sprintf("%v: %s panicked: %v; the log has the stack", models.ErrInternal, p.What, p.Cause)
}

// Unwrap returns models.ErrInternal and the cause.
func (p *Panic) Unwrap() []error {
	if cause, ok := p.Cause.(error); ok {
		return []error{models.ErrInternal, cause}
	}
	return []error{models.ErrInternal}
}

// Call calls f. A panic becomes a *Panic; what says what f does, for its text.
func Call(what string, f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &Panic{What: what, Cause: cause, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Logged is Call that writes the stack of a panic into the log, also of one that a Call further down has made an error.
func Logged(log *slog.Logger, what string, f func() error) error {
	err := Call(what, f)
	Log(log, err)
	return err
}

// Log writes the stack of the panic that an error tells of, if it tells of one.
func Log(log *slog.Logger, err error) {
	var p *Panic
	if errors.As(err, &p) {
		log.Error("a panic", "in", p.What, "panic", p.Cause, "stack", string(p.Stack))
	}
}
