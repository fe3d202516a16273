package media

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestCloseCallsTheCloserOnce(t *testing.T) {
	calls, failure := 0, errors.New("stuck")
	s := NewStreams(strings.NewReader(""), nil, func() error {
		calls++
		return failure
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Close(); err != failure {
				t.Errorf("Close returned %v", err)
			}
		})
	}
	wg.Wait()
	if calls != 1 {
		t.Errorf("the closer was called %d times", calls)
	}
}

func TestStreamsWithoutCloserClose(t *testing.T) {
	for name, s := range map[string]*Streams{
		"nil closer": NewStreams(nil, nil, nil),
		"a literal":  {Audio: strings.NewReader("")},
	} {
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
