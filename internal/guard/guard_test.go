package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"gotgcall/models"
)

func stumble(cause any) error { panic(cause) }

func TestAPanicIsAnErrorThatSaysWhereAndKeepsItsCause(t *testing.T) {
	for _, cause := range []any{"a word", io.ErrUnexpectedEOF, 7} {
		err := Call("reading a source", func() error { return stumble(cause) })
		var p *Panic
		if !errors.As(err, &p) || !errors.Is(err, models.ErrInternal) {
			t.Fatalf("the error is «%v»", err)
		}
		if want := fmt.Sprint(cause); !strings.Contains(err.Error(), "reading a source") || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is «%v», expected what was done and %q", err, want)
		}
		if !bytes.Contains(p.Stack, []byte("stumble")) {
			t.Errorf("the stack is %s", p.Stack)
		}
		if inner, ok := cause.(error); ok && !errors.Is(err, inner) {
			t.Errorf("the error «%v» has lost its cause", err)
		}
	}
}

func TestWhatDoesNotPanicReturnsWhatItReturns(t *testing.T) {
	for _, want := range []error{nil, io.EOF} {
		if got := Call("reading", func() error { return want }); got != want {
			t.Errorf("the error is «%v», expected «%v»", got, want)
		}
	}
}

func TestTheStackOfAPanicIsLoggedOnceWhereverItWasCaught(t *testing.T) {
	var log bytes.Buffer
	err := Logged(slog.New(slog.NewTextHandler(&log, nil)), "playing", func() error {
		return fmt.Errorf("the song: %w", Call("reading", func() error { return stumble("over its feet") }))
	})
	if !errors.Is(err, models.ErrInternal) {
		t.Errorf("the error is «%v»", err)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "stumble") || !strings.Contains(log.String(), "in=reading") {
		t.Errorf("the log says %s", log.String())
	}
}
