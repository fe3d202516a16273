package lab

import (
	"context"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// telegram is a Signaler whose Telegram is a server of this package.
type telegram struct{ server *sfutest.Server }

// Join implements gotgcall.Signaler.
func (s telegram) Join(_ context.Context, chatID int64, params string) (string, error) {
	return s.server.Join(chatID, params)
}

// Leave implements gotgcall.Signaler.
func (s telegram) Leave(_ context.Context, chatID int64, source int32) error {
	return s.server.Leave(chatID, source)
}

func TestPlayIsHeardAgainFromAnotherAddress(t *testing.T) {
	required(t)
	if !full() {
		t.Skip("it is a long one: make lab")
	}
	leak.Check(t)
	w := newWire(t)
	server := w.serve(serverPort)
	c := newCall(t, w, gotgcall.WithICETimeouts(time.Second, 2*time.Second, 200*time.Millisecond))
	must(t, c.client.Play(t.Context(), chat, song{time.Minute}, telegram{server}))
	first := server.Endpoint(chat)
	c.hear(first, perSecond)
	w.renumber(w.bot.Next().Next())
	moved := time.Now()
	until(t, "another join", func() bool { return server.Endpoint(chat) != first })
	ep := server.Endpoint(chat)
	c.hear(ep, perSecond)
	t.Logf("heard again after %s", ep.Stats(ep.AudioSSRC()).FirstArrival.Sub(moved).Round(time.Millisecond))
	c.expectStates(gotgcall.Disconnected, gotgcall.Failed, gotgcall.Connecting, gotgcall.Connected)
	if ends := c.ended(); len(ends) > 0 {
		t.Errorf("something has ended: %q", ends)
	}
	for _, v := range server.Violations() {
		t.Errorf("violation: %s", v)
	}
}
