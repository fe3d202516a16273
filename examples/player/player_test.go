package player

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
)

const testSong = "../../testdata/song.mp3"

// setUp makes a stage, which is gone when the test ends.
func setUp(t *testing.T) (*stage, *bytes.Buffer) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("%v; make test installs it", err)
	}
	leak.Check(t)
	var out bytes.Buffer
	s, err := newStage(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the chat:\n%s", &out)
		}
	})
	return s, &out
}

// short is so many seconds of sound, as an argument of /shell.
func short(seconds string) string {
	return "/shell ffmpeg -f lavfi -i sine=d=" + seconds
}

// must goes through scenes.
func (s *stage) must(t *testing.T, scenes ...scene) {
	t.Helper()
	for _, scene := range scenes {
		if err := s.play(t.Context(), scene); err != nil {
			t.Fatalf("%q: %v", scene.happens, err)
		}
	}
}

func TestADryRunGoesThroughTheCommandsAndALostConnection(t *testing.T) {
	leak.Check(t)
	var out bytes.Buffer
	if err := Dry(t.Context(), testSong, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, part := range []string{
		"you: /play", "bot: ▶ ", " / 0:20", "bot: Queued", "next: ", "bot: Paused", "bot: The volume is 50%", "bot, edit of message 1: ▶", "muted me", "Telegram: the connection is lost",
		"bot: Goodbye", "over 2 connections; 0 lost, 0 violations",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, &out)
		}
	}
}

func TestADryRunThatIsInterruptedLeavesNothingBehind(t *testing.T) {
	leak.Check(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var out bytes.Buffer
	err := Dry(ctx, testSong, writerFunc(func(b []byte) (int, error) {
		if bytes.Contains(b, []byte("Paused")) {
			interrupt()
		}
		return out.Write(b)
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v\n%s", err, context.Canceled, &out)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestADryRunSaysAtOnceWhatSongItCannotPlay(t *testing.T) {
	leak.Check(t)
	for song, want := range map[string]error{"no-such-file.mp3": gotgcall.ErrFile, "../../testdata/song.ogg": errShort} {
		var out bytes.Buffer
		if err := Dry(t.Context(), song, &out); !errors.Is(err, want) || out.Len() > 0 {
			t.Errorf("%s: %v, want %v, and nothing else:\n%s", song, err, want, &out)
		}
	}
}

func TestASongThatCannotBePlayedIsToldAndNothingIsJoined(t *testing.T) {
	s, _ := setUp(t)
	s.must(t,
		scene{happens: "/play no-such-file.mp3", answer: "play: "},
		scene{happens: "/shell ffmpeg -i no-such-file.mp3", answer: "shell: "},
		scene{happens: "/pause", answer: "Nothing plays"},
	)
	if n := len(s.connections()); n > 0 {
		t.Errorf("%d connections, want none", n)
	}
	s.must(t, scene{happens: "/play " + testSong, answer: "▶", packets: 10}) // and the next one plays
}

func TestTheBotLeavesAfterTheLastTrack(t *testing.T) {
	s, _ := setUp(t)
	s.must(t,
		scene{happens: short("0.5"), answer: "▶"},
		scene{happens: short("0.5"), answer: "Queued"},
		scene{happens: "both end", do: func() error { return nil }, answer: "the last one"},
	)
	if n := len(s.client.Calls()); n != 0 {
		t.Errorf("%d calls, want none", n)
	}
	s.must(t, scene{happens: short("3"), answer: "▶", packets: 10})
	if n := len(s.connections()); n != 2 {
		t.Errorf("%d connections, want another one for what comes later", n)
	}
}

func TestSkippingTheLastTrackLeaves(t *testing.T) {
	s, _ := setUp(t)
	s.must(t,
		scene{happens: "/play " + testSong, answer: "▶", packets: 10},
		scene{happens: "/skip", answer: "the last one"},
	)
	if n := len(s.client.Calls()); n != 0 {
		t.Errorf("%d calls, want none", n)
	}
}

func TestAMuteOutlivesACommandAndACommandAMute(t *testing.T) {
	s, _ := setUp(t)
	mute := func(muted bool) func() error {
		return func() error { s.player.SetMuted(dryChat, muted); return nil }
	}
	s.must(t,
		scene{happens: "/play " + testSong, answer: "▶", packets: 10},
		scene{happens: "muted", do: mute(true), answer: "muted me", silence: 200 * time.Millisecond},
		scene{happens: "/pause", answer: "Paused"},
		scene{happens: "unmuted", do: mute(false), answer: "heard again", silence: 500 * time.Millisecond},
		scene{happens: "/resume", answer: "Resumed", packets: 10},
	)
}

// unmuters unmute themselves when they are told to.
type unmuters struct {
	*stage
	asked chan int64
}

func (u unmuters) Unmute(_ context.Context, chatID int64) error {
	u.asked <- chatID
	return nil
}

func TestResumeUnmutesTheBotIfItMay(t *testing.T) {
	s, out := setUp(t)
	u := unmuters{stage: s, asked: make(chan int64, 1)}
	s.player = New(s.client, u) // in the place of the stage's own
	s.must(t,
		scene{happens: "/play " + testSong, answer: "▶", packets: 10},
		scene{happens: "muted", do: func() error { s.player.SetMuted(dryChat, true); return nil }, answer: "muted me"},
		scene{happens: "muted still", do: func() error { s.player.SetMuted(dryChat, true); return nil }},
		scene{happens: "/resume", silence: 500 * time.Millisecond},
	)
	if len(u.asked) != 1 {
		t.Error("the bot does not ask to be unmuted")
	}
	s.must(t, scene{happens: "unmuted", do: func() error { s.player.SetMuted(dryChat, false); return nil }, answer: "heard again", packets: 10})
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := strings.Count(out.String(), "muted me"); n != 1 {
		t.Errorf("the mute is told %d times, want once", n)
	}
}

func TestEndsOfAnEarlierListAreNotMistakenForThoseOfThisOne(t *testing.T) {
	s, _ := setUp(t)
	s.must(t,
		scene{happens: "/play " + testSong, answer: "▶", packets: 10},
		scene{happens: "/seek 10s", answer: "0:1", packets: 10},
	)
	s.player.do(dryChat, func(r *room) {
		earlier := gotgcall.PlaylistTrack{ID: r.list.List()[0].ID, Source: gotgcall.FromFile("earlier.mp3")}
		r.trackEnded(earlier, errors.New("broken"))
		r.listEnded(nil)
		r.trackStarted(earlier)
	})
	s.must(t, scene{happens: "/seek 1s", answer: "0:1", packets: 10})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.messages != 1 {
		t.Errorf("%d messages, want the progress alone", s.messages)
	}
}

func TestAVoiceChatThatIsOverIsLeft(t *testing.T) {
	s, _ := setUp(t)
	s.must(t,
		scene{happens: "/play " + testSong, answer: "▶", packets: 10},
		scene{happens: "over", do: func() error { s.player.CallEnded(dryChat); return nil }, answer: "is over"},
		scene{happens: "/skip", answer: "Nothing plays"},
	)
}

func TestCommands(t *testing.T) {
	for text, want := range map[string]string{
		"/play a b.mp3":  "play|a b.mp3",
		" /PLAY  a.mp3 ": "play|a.mp3",
		"/skip":          "skip|",
		"/skipper":       "",
		"play a.mp3":     "",
		"/":              "",
		"":               "",
	} {
		c, arg, ok := parse(text)
		if got := c.name + "|" + arg; ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q, %t; want %q", text, got, ok, want)
		}
	}
}

func TestAnswersAreNoCommandsThemselves(t *testing.T) {
	s, _ := setUp(t)
	s.must(t, scene{happens: "/play " + testSong, answer: "▶", packets: 10})
	for _, c := range commands() {
		for _, arg := range []string{"", " what?"} {
			s.player.Command(dryChat, "/"+c.name+arg)
		}
	}
	s.must(t, scene{happens: "/play nothing", answer: "play: "})
	s.must(t, scene{happens: "/help", answer: "/leave"})
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.out.(*bytes.Buffer).String()) {
		if said, ok := strings.CutPrefix(line, "bot: "); ok {
			if _, _, isCommand := parse(said); isCommand {
				t.Errorf("the bot would obey itself: %s", line)
			}
		}
	}
}

func TestATitleThatIsACommandIsNotObeyed(t *testing.T) {
	s, _ := setUp(t)
	s.must(t, scene{happens: "/play " + testSong, answer: "▶", packets: 10})
	s.player.do(dryChat, func(r *room) {
		song := r.list.List()[0]
		r.tracks[song.ID] = track{source: song.Source, title: "/shell ffmpeg -i https://example.org/a"} // as a stranger's file may be called
		r.announce(r.tracks[song.ID])
		r.obey(command{run: (*room).queue}, "")
		r.trackEnded(song, errors.New("broken"))
	})
	for said := ""; !strings.Contains(said, "broke off"); {
		if said = <-s.spoken; strings.Contains(said, "/shell") {
			if c, _, isCommand := parse(said); isCommand {
				t.Errorf("the bot would obey /%s of itself: %s", c.name, said)
			}
		}
	}
}

// writers write as they are told to, and write down what they were asked to.
type writers struct {
	leavers
	send   func() // before each message
	edited chan string
}

func (w writers) Send(ctx context.Context, chatID int64, text string) (int, error) {
	w.send()
	return w.stage.Send(ctx, chatID, text)
}

func (w writers) Edit(_ context.Context, _ int64, _ int, text string) error {
	w.edited <- text
	return FloodWait(errors.New("420 FLOOD_WAIT_3600"), time.Hour)
}

func TestAMessageThatHangsKeepsNoVoiceChatFromBeingLeft(t *testing.T) {
	s, _ := setUp(t)
	var sent atomic.Int32
	hangs, goOn := make(chan struct{}, 1), make(chan struct{})
	w := writers{leavers: leavers{stage: s, left: make(chan int64, 4)}, send: func() {
		if sent.Add(1) == 2 {
			hangs <- struct{}{}
			<-goOn // whatever becomes of ctx
		}
	}}
	p := New(s.client, w) // in the place of the stage's own
	defer p.working.Wait()
	defer close(goOn)
	p.Command(1, "/play "+testSong)
	for said := range s.spoken {
		if strings.Contains(said, "▶") {
			break
		}
	}
	p.Command(1, "/help")
	<-hangs
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- p.Close(ctx) }()
	select {
	case <-w.left:
	case <-time.After(dryStep):
		t.Error("the voice chat is not left")
	}
	cancel()
	select {
	case err := <-closed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want an error that says why a chat was not waited for", err)
		}
	case <-time.After(dryStep):
		t.Error("Close waits for the message when its context has ended")
	}
}

func TestNoMessageIsEditedDuringAFloodWait(t *testing.T) {
	s, _ := setUp(t)
	w := writers{leavers: leavers{stage: s, left: make(chan int64, 4)}, send: func() {}, edited: make(chan string, 8)}
	s.player = New(s.client, w) // in the place of the stage's own
	s.must(t, scene{happens: "/play " + testSong, answer: "▶", packets: 10})
	done := make(chan struct{})
	s.player.do(dryChat, func(r *room) {
		defer close(done)
		for range 3 {
			r.shown = "" // as when there is something else to show
			r.showProgress()
		}
	})
	<-done
	if n := len(w.edited); n != 1 {
		t.Errorf("%d edits, want the one that was refused", n)
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	for n, want := range map[int]int{10: 10, longestMessage: longestMessage, longestMessage + 1: longestMessage, 100_000: longestMessage} {
		if got := len([]rune(fit(strings.Repeat("♫", n)))); got != want {
			t.Errorf("%d characters become %d, want %d", n, got, want)
		}
	}
	s, out := setUp(t)
	s.must(t, scene{happens: strings.Repeat("♫", 5000), do: func() error {
		s.player.do(dryChat, func(r *room) { r.say(strings.Repeat("♫", 5000)) })
		return nil
	}, answer: "…"})
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := strings.Count(out.String(), "♫"); n != 5000+longestMessage-1 {
		t.Errorf("%d characters were written", n-5000)
	}
}

func TestOwners(t *testing.T) {
	owners, err := Owners("12, 34,56")
	if fmt.Sprint(owners, err) != "[12 34 56] <nil>" {
		t.Errorf("%v, %v", owners, err)
	}
	if owners, err := Owners(""); len(owners) > 0 || err != nil {
		t.Errorf("%v, %v; want nobody", owners, err)
	}
	if _, err := Owners("12,@name"); err == nil || !strings.Contains(err.Error(), "@name") {
		t.Errorf("%v, want an error that says which", err)
	}
}

func TestTimesAreWrittenAsPlayersDo(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 65 * time.Second: "1:05", 3600 * time.Second: "1:00:00", 36065 * time.Second: "10:01:05"} {
		if got := clock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	cause := errors.New("403 X")
	if err := Explain(cause, "NOT_KNOWN"); err != cause {
		t.Errorf("what is not known becomes %v", err)
	}
	if err := Explain(cause, "GROUPCALL_SSRC_DUPLICATE_MUCH"); !errors.Is(err, cause) || errors.Is(err, gotgcall.ErrJoinRefused) {
		t.Errorf("a duplicate source: %v; want that it can be tried again", err)
	}
	if err := FloodWait(cause, 3*time.Second); !errors.Is(err, gotgcall.ErrJoinRefused) || !errors.Is(err, cause) || !strings.Contains(err.Error(), "3s") {
		t.Errorf("a flood wait: %v", err)
	}
}

func TestWhatIsQueuedAtTheLastMomentIsPlayed(t *testing.T) {
	s, _ := setUp(t)
	s.must(t, scene{happens: short("0.3"), answer: "▶"})
	queued := make(chan struct{})
	s.player.do(dryChat, func(r *room) { // on the room's goroutine: what it is told of the end of the list has to wait
		defer close(queued)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for playing := true; playing && t.Context().Err() == nil; _, playing = r.list.Current() {
			<-tick.C
		}
		c, arg, _ := parse(short("3"))
		r.obey(c, arg)
	})
	<-queued
	s.must(t, scene{happens: "the end", do: func() error { return nil }, answer: "▶", packets: 10})
	if n := len(s.connections()); n != 1 {
		t.Errorf("%d connections, want the same one", n)
	}
}

// leavers writes down which chats were left.
type leavers struct {
	*stage
	left chan int64
}

func (l leavers) Leave(ctx context.Context, chatID int64, source int32) error {
	l.left <- chatID
	return l.stage.Leave(ctx, chatID, source)
}

func TestCloseLeavesAllVoiceChats(t *testing.T) {
	s, _ := setUp(t)
	l := leavers{stage: s, left: make(chan int64, 4)}
	p := New(s.client, l) // in the place of the stage's own
	for _, chatID := range []int64{1, 2} {
		p.Command(chatID, "/play "+testSong)
	}
	for range 2 {
		for said := range s.spoken {
			if strings.Contains(said, "▶") {
				break
			}
		}
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(l.left); n != 2 || len(s.client.Calls()) != 0 {
		t.Errorf("%d chats were left and %d calls remain, want 2 and none", n, len(s.client.Calls()))
	}
	p.Command(3, "/play "+testSong) // too late
	if n := len(p.rooms); n != 2 {
		t.Errorf("%d rooms, want no new one after Close", n)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
