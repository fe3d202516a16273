package rtc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// ICETimeouts are what a connection lives by (docs/WIRE.md §3). pion answers the server's consent checks for ever; these are about our own.
type ICETimeouts struct {
	// Disconnected is how long nothing may arrive before the state is Disconnected.
	Disconnected time.Duration
	// Failed is how long Disconnected may last.
	Failed time.Duration
	// Keepalive is how often the selected pair is checked, in both states Connected and Disconnected.
	Keepalive time.Duration
}

// DefaultICETimeouts returns those that a zero Config has.
func DefaultICETimeouts() ICETimeouts {
	return ICETimeouts{
		// A blackout of 3 s is reported, while at 20 % loss four checks and two reports in a row have to be lost.
		Disconnected: 2 * time.Second,
		// With Disconnected 25 s, well above the 20 s that a call must survive and below 30 s.
		Failed:    23 * time.Second,
		Keepalive: 500 * time.Millisecond,
	}
}

const (
	// checkBudget bounds the connectivity checks of one attempt, whatever the number of candidates: a hostile answer must not turn
	// the library into a packet source. There are three attempts in 10 s when nobody answers.
	checkBudget = 64
	// maxChecksPerPair lets a pair be checked every 200 ms (pion's interval) for the whole connect timeout of 10 s.
	maxChecksPerPair = 50
)

// checksPerPair is how often each pair of candidates is checked until it is given up.
func (e *Engine) checksPerPair(candidates int) int {
	if n := e.config.MaxBindingRequests; n > 0 {
		return n
	}
	pairs := candidates * (1 + urls(e.config.ICEServers)) // a STUN or TURN server adds a local candidate, and so a pair with each
	return min(maxChecksPerPair, max(1, checkBudget/max(1, pairs)))
}

// networkTypes are those of the local candidates.
func (e *Engine) networkTypes() []webrtc.NetworkType {
	var types []webrtc.NetworkType
	if e.allows(models.NetworkTypeUDP4) {
		types = append(types, webrtc.NetworkTypeUDP4)
	}
	if e.allows(models.NetworkTypeUDP6) {
		types = append(types, webrtc.NetworkTypeUDP6)
	}
	return types
}

func (e *Engine) allows(t models.NetworkType) bool {
	return len(e.config.NetworkTypes) == 0 || slices.Contains(e.config.NetworkTypes, t)
}

// reachable returns the answer with those of its candidates that the network types allow. All of them are UDP.
func (e *Engine) reachable(answer *jsonparams.Answer) (*jsonparams.Answer, error) {
	a := *answer
	a.Candidates = slices.DeleteFunc(slices.Clone(answer.Candidates), func(c jsonparams.Candidate) bool {
		if c.Addr.Is4() {
			return !e.allows(models.NetworkTypeUDP4)
		}
		return !e.allows(models.NetworkTypeUDP6)
	})
	if len(a.Candidates) > 0 {
		return &a, nil
	}
	var allowed []string
	for _, t := range e.config.NetworkTypes {
		allowed = append(allowed, t.String())
	}
	return nil, fmt.Errorf("%w: the server has no address that WithNetworkTypes(%s) allows: it offers %s", models.ErrConnectionFailed,
		strings.Join(allowed, ", "), addresses(answer.Candidates))
}

// pause waits between the setting up of the ICE agent and its first check.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%w: given up: %w", models.ErrConnectionFailed, cause)
		}
		return fmt.Errorf("%w: it was still waiting for its first check, as WithICEPreConnectDelay(%v) says", models.ErrConnectionTimeout, d)
	}
}
