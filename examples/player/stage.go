package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// stage is a bot with the Telegram of the dry run: one voice chat, whose server is on loopback and whose messages are printed.
type stage struct {
	// set at construction
	server *sfutest.Server
	client *gotgcall.Client
	player *Player
	spoken chan string // what the bot says

	mu        sync.Mutex // guards what follows
	out       io.Writer
	messages  int
	endpoints []*sfutest.Endpoint // one for each join
}

func newStage(out io.Writer) (*stage, error) {
	server, err := sfutest.NewServer()
	if err != nil {
		return nil, err
	}
	client, err := gotgcall.New(gotgcall.WithLoopback()) // the server is on this machine, which the library would otherwise refuse
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	s := &stage{server: server, client: client, out: out, spoken: make(chan string, 256)}
	s.player = New(client, s)
	return s, nil
}

// close has the bot leave, and ends everything.
func (s *stage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), dryStep)
	defer cancel()
	return errors.Join(s.player.Close(ctx), s.client.Close(), s.server.Close())
}

// Join does what phone.joinGroupCall does.
func (s *stage) Join(_ context.Context, chatID int64, params string) (string, error) {
	answer, err := s.server.Join(chatID, params)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoints = append(s.endpoints, s.server.Endpoint(chatID))
	return answer, nil
}

// Leave does what phone.leaveGroupCall does.
func (s *stage) Leave(_ context.Context, chatID int64, source int32) error {
	if err := s.server.Leave(chatID, source); !errors.Is(err, sfutest.ErrJoinMissing) {
		return err
	}
	return nil // the server forgets who closes the connection
}

// Check does what phone.checkGroupCall does.
func (s *stage) Check(_ context.Context, chatID int64, sources []int32) ([]int32, error) {
	return s.server.Check(chatID, sources), nil
}

// Unmute does nothing: the admins of this chat are in the script.
func (s *stage) Unmute(context.Context, int64) error { return nil }

// Send prints a message.
func (s *stage) Send(_ context.Context, _ int64, text string) (int, error) {
	s.print("bot", text)
	s.spoken <- text
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages++
	return s.messages, nil
}

// Edit prints what a message has become.
func (s *stage) Edit(_ context.Context, _ int64, message int, text string) error {
	s.print(fmt.Sprintf("bot, edit of message %d", message), text)
	s.spoken <- text
	return nil
}

// print writes what somebody says.
func (s *stage) print(who, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s: %s\n", who, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n     "))
}

// connections returns what the bot has joined so far.
func (s *stage) connections() []*sfutest.Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.endpoints)
}

// heard counts the packets of sound that have arrived.
func (s *stage) heard() (n int64) {
	for _, e := range s.connections() {
		n += e.Stats(e.AudioSSRC()).Packets
	}
	return n
}

// hangUp ends the connection as a server does that has to go.
func (s *stage) hangUp() error {
	s.server.Endpoint(dryChat).CloseNotify()
	return nil
}

// waitPackets waits until so many packets were heard in all.
func (s *stage) waitPackets(ctx context.Context, n int64) error {
	tick := time.NewTicker(packetLength)
	defer tick.Stop()
	for s.heard() < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the listener heard %d packets, expected %d: %w", s.heard(), n, ctx.Err())
		}
	}
	return nil
}

// waitSilence waits until nothing was heard for so long.
func (s *stage) waitSilence(ctx context.Context, length time.Duration) error {
	tick := time.NewTicker(packetLength)
	defer tick.Stop()
	last, since := s.heard(), time.Now()
	for time.Since(since) < length {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the listener still hears the bot: %w", ctx.Err())
		}
		if n := s.heard(); n != last {
			last, since = n, time.Now()
		}
	}
	return nil
}
