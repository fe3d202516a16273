package sfutest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"gotgcall/models"
)

var (
	_ models.Signaler = Signaler{}
	_ models.Checker  = Signaler{}
)

func TestASignalerJoinsChecksAndLeavesItsServer(t *testing.T) {
	s, _ := quiet(t)
	telegram := s.Signaler()
	answer, err := telegram.Join(t.Context(), 7, testPayload(1, 2, 3).Marshal())
	must(t, err)
	if e := s.Endpoint(7); e == nil || e.AudioSSRC() != 1 || answer == "" {
		t.Fatalf("the answer is %q, the endpoint %v", answer, e)
	}
	if _, err := telegram.Join(t.Context(), 8, "{"); !errors.Is(err, ErrDataInvalid) {
		t.Errorf("a bad payload: %v", err)
	}
	present, err := telegram.Check(t.Context(), 7, []int32{1, 5})
	must(t, err)
	if !slices.Equal(present, []int32{1}) {
		t.Errorf("the server knows %v", present)
	}
	must(t, telegram.Leave(t.Context(), 7, 1))
	if err := s.Endpoint(7).Err(); !errors.Is(err, ErrLeft) {
		t.Errorf("after Leave the endpoint has ended with %v", err)
	}
}

func TestASignalerDoesNothingForAContextThatHasEnded(t *testing.T) {
	s, _ := quiet(t)
	joined(t, s, 7, testPayload(1, 2, 3))
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	cancel(over)
	telegram := s.Signaler()
	_, joining := telegram.Join(ctx, 8, testPayload(4, 5, 6).Marshal())
	_, checking := telegram.Check(ctx, 7, []int32{1})
	for _, err := range []error{joining, checking, telegram.Leave(ctx, 7, 1)} {
		if !errors.Is(err, over) {
			t.Errorf("the error is %v", err)
		}
	}
	if s.Endpoint(8) != nil || s.Endpoint(7).Err() != nil {
		t.Error("something was done all the same")
	}
}
