package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	dryChat = -1001234567890
	// dryStep is how long a step of the dry run may take.
	dryStep = 30 * time.Second
	// dryLength is how long the song has to be for the script.
	dryLength = 12 * time.Second
	// packetLength is the sound in a packet.
	packetLength = 20 * time.Millisecond
)

var (
	errShort      = fmt.Errorf("a dry run needs a song of %v at least, which can be sought in", dryLength)
	errViolations = errors.New("rules of the wire were broken")
)

// Dry is a bot's dry run: it plays a song (a file, or the address of one) to a Telegram on loopback, goes through most of the commands, and writes what was
// said in the chat and what a listener heard. It needs no account and no network.
func Dry(ctx context.Context, song string, out io.Writer) error {
	s, err := newStage(out)
	if err != nil {
		return err
	}
	defer s.close()
	switch t, err := s.player.probe(ctx, song); {
	case err != nil:
		return err
	case t.length < dryLength:
		return fmt.Errorf("%q: %w", song, errShort)
	}
	if err := s.perform(ctx, song); err != nil {
		return err
	}
	return s.report()
}

// scene is a part of the dry run.
type scene struct {
	happens string        // a command, or what is printed of something else
	do      func() error  // nil for a command
	answer  string        // what the bot says has this in it; "" when it need not say anything
	silence time.Duration // then nothing is heard for so long
	packets int64         // then so many are heard
}

// script is the play. Its commands are what members of the chat would write.
func (s *stage) script(song string) []scene {
	mute := func(muted bool) func() error {
		return func() error { s.player.SetMuted(dryChat, muted); return nil }
	}
	return []scene{
		{happens: "/play " + song, answer: "▶", packets: 50},
		{happens: "/play " + song, answer: "Queued"},
		{happens: "/queue", answer: "1. "},
		{happens: "/pause", answer: "Paused", silence: time.Second},
		{happens: "/resume", answer: "Resumed", packets: 50},
		{happens: "/volume 50", answer: "50%", packets: 50},
		{happens: "/seek 3s", answer: "next: ", packets: 50},
		{happens: "/skip", answer: "▶", packets: 50},
		{happens: "an admin mutes the bot", do: mute(true), answer: "muted me", silence: time.Second},
		{happens: "the admin lets it speak again", do: mute(false), answer: "heard again", packets: 50},
		{happens: "the connection is lost", do: s.hangUp, packets: 50},
		{happens: "/leave", answer: "Goodbye"},
	}
}

// perform goes through the script.
func (s *stage) perform(ctx context.Context, song string) error {
	for _, scene := range s.script(song) {
		if err := s.play(ctx, scene); err != nil {
			return fmt.Errorf("%q: %w", scene.happens, err)
		}
	}
	return nil
}

// play makes a scene happen, and waits for what follows from it.
func (s *stage) play(ctx context.Context, now scene) error {
	ctx, cancel := context.WithTimeout(ctx, dryStep)
	defer cancel()
	before := s.heard()
	if now.do == nil {
		s.print("you", now.happens)
		s.player.Command(dryChat, now.happens)
	} else {
		s.print("Telegram", now.happens)
		if err := now.do(); err != nil {
			return err
		}
	}
	for answered := now.answer == ""; !answered; {
		select {
		case said := <-s.spoken:
			answered = strings.Contains(said, now.answer)
		case <-ctx.Done():
			return fmt.Errorf("the bot does not say %q: %w", now.answer, ctx.Err())
		}
	}
	if now.silence > 0 {
		return s.waitSilence(ctx, now.silence)
	}
	return s.waitPackets(ctx, before+now.packets)
}

// report writes what the listener heard.
func (s *stage) report() error {
	var packets, lost int64
	for _, e := range s.connections() {
		stats := e.Stats(e.AudioSSRC())
		packets, lost = packets+stats.Packets, lost+stats.Lost
	}
	violations := s.server.Violations()
	fmt.Fprintf(s.out, "\nthe listener heard %d packets, %.1f s, over %d connections; %d lost, %d violations\n",
		packets, (time.Duration(packets) * packetLength).Seconds(), len(s.connections()), lost, len(violations))
	for _, v := range violations {
		fmt.Fprintln(s.out, v)
	}
	if len(violations) > 0 {
		return errViolations
	}
	return nil
}
