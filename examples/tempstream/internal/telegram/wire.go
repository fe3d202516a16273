package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"
)

const (
	// maxAnswer bounds what is read of an answer: 100 updates of 4096 characters each are well below it.
	maxAnswer = 8 << 20
	// maxFloodWait bounds what Telegram may ask to be left alone for.
	maxFloodWait = time.Hour

	pollMethod = "getUpdates"
)

// wire stands between the bot library and HTTP. The library waits 5 seconds at most before it polls again, whatever Telegram asks for, and
// dereferences every update that an answer holds: both are seen to here.
type wire struct {
	client *http.Client
	polled func() // after each answer to a poll that is one
}

// newWire returns a wire on which an answer may take that long. Redirects are not followed: the token stands in the address.
func newWire(timeout time.Duration, polled func()) *wire {
	return &wire{
		client: &http.Client{
			Transport:     http.DefaultTransport.(*http.Transport).Clone(), // connections of its own, to be closed with it
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		polled: polled,
	}
}

// Do implements bot.HttpClient.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	resp, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if path.Base(r.URL.Path) == pollMethod {
		good, wait, err := inspect(body)
		if err != nil {
			return nil, err
		}
		if good {
			w.polled()
		}
		if err := pause(r.Context(), wait); err != nil {
			return nil, err
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// close gives up the connections that wait for the next request.
func (w *wire) close() { w.client.CloseIdleConnections() }

// errNoAnswer is garbage in the place of an answer.
var errNoAnswer = errors.New("this is no answer of the Bot API")

// inspect looks at the answer to a poll: whether it is a good one, in which each update is one, and else how long Telegram asks to be left alone.
func inspect(body []byte) (good bool, wait time.Duration, err error) {
	var answer struct {
		OK         bool `json:"ok"`
		Parameters struct {
			RetryAfter int64 `json:"retry_after"`
		} `json:"parameters"`
		Result []json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return false, 0, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	for _, update := range answer.Result {
		if len(update) == 0 || update[0] != '{' {
			return false, 0, fmt.Errorf("%w: an update is an object, not %.20q", errNoAnswer, update)
		}
	}
	if answer.OK {
		return true, 0, nil
	}
	return false, floodWait(answer.Parameters.RetryAfter), nil
}

// floodWait is what retry_after asks for.
func floodWait(seconds int64) time.Duration {
	return time.Duration(min(max(seconds, 0), int64(maxFloodWait/time.Second))) * time.Second
}

// pause waits, or fails when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
