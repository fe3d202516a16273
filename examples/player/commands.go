package player

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gotgcall"
)

// command is one that the bot knows.
type command struct {
	name, args, does string
	run              func(r *room, ctx context.Context, arg string) (answer string, err error)
	anywhere         bool // also when we are not in the voice chat
}

var errUsage = errors.New("that is not how it goes")

// commands returns what the bot knows, in the order of /help.
func commands() []command {
	return []command{
		{"play", "FILE or URL", "plays it, or queues it while something plays", (*room).play, true},
		{"shell", "COMMAND", "plays what a command writes: an ffmpeg command without its output will do", (*room).shell, true},
		{"queue", "", "shows what is to come", (*room).queue, false},
		{"skip", "", "goes on to the next one", (*room).skip, false},
		{"seek", "±TIME", "goes forward or back, such as 90s or -1m30s", (*room).seek, false},
		{"pause", "", "stops where it is", (*room).pause, false},
		{"resume", "", "goes on from there", (*room).resume, false},
		{"volume", "PERCENT", "makes it louder or softer: 100 is as recorded", (*room).volume, false},
		{"leave", "", "leaves the voice chat", (*room).goodbye, false},
		{"help", "", "lists the commands", (*room).help, true},
	}
}

// parse takes a message apart. What does not begin with one of our commands is none.
func parse(text string) (c command, arg string, ok bool) {
	name, arg, _ := strings.Cut(strings.TrimSpace(text), " ")
	name, isCommand := strings.CutPrefix(name, "/")
	for _, c := range commands() {
		if isCommand && c.name == strings.ToLower(name) {
			return c, strings.TrimSpace(arg), true
		}
	}
	return command{}, "", false
}

// obey runs a command and answers.
func (r *room) obey(c command, arg string) {
	ctx, cancel := context.WithTimeout(r.ctx, commandTimeout)
	defer cancel()
	if r.list == nil && !c.anywhere {
		r.say("Nothing plays; begin with /play.")
		return
	}
	answer, err := c.run(r, ctx, arg)
	switch {
	case errors.Is(err, errUsage):
		answer = fmt.Sprintf("It goes: /%s %s – %s", c.name, c.args, c.does)
	case err != nil:
		answer = fmt.Sprintf("%s: %v", c.name, err)
	}
	if answer != "" && r.ctx.Err() == nil {
		r.say(answer)
	}
}

func (r *room) play(ctx context.Context, arg string) (string, error) {
	if arg == "" {
		return "", errUsage
	}
	t, err := r.probe(ctx, arg)
	if err != nil {
		return "", err
	}
	return r.startOrQueue(ctx, t)
}

func (r *room) shell(ctx context.Context, arg string) (string, error) {
	if arg == "" {
		return "", errUsage
	}
	return r.startOrQueue(ctx, track{source: gotgcall.FromShell(arg, gotgcall.TrackAudio), title: "a command"})
}

func (r *room) startOrQueue(ctx context.Context, t track) (string, error) {
	playing := r.list != nil
	if !playing {
		r.list = gotgcall.NewPlaylist()
	}
	for _, id := range r.list.Append(t.source) {
		r.tracks[id] = t
	}
	if playing {
		return "Queued: " + t.title, nil
	}
	return "", r.start(ctx) // trackStarted shows it
}

func (r *room) queue(context.Context, string) (string, error) {
	next := r.next()
	if len(next) == 0 {
		return "Nothing is queued.", nil
	}
	text := "Queued:"
	for i, t := range next {
		text += fmt.Sprintf("\n%d. %s", i+1, t.title)
	}
	return text, nil
}

func (r *room) skip(context.Context, string) (string, error) {
	return "", r.list.Next() // behind the last one the list ends
}

func (r *room) seek(ctx context.Context, arg string) (string, error) {
	delta, err := time.ParseDuration(arg)
	if err != nil {
		return "", errUsage
	}
	if err := r.client.SeekByContext(ctx, r.chatID, delta.Milliseconds()); err != nil {
		return "", err
	}
	r.showProgress()
	return "", nil
}

func (r *room) pause(context.Context, string) (string, error) {
	r.paused = true
	return "Paused.", r.hold()
}

func (r *room) resume(ctx context.Context, _ string) (string, error) {
	r.paused = false
	if r.muted { // an admin may have muted us in a way that we can undo; if so, SetMuted will be called
		return "", r.telegram.Unmute(ctx, r.chatID)
	}
	return "Resumed.", r.hold()
}

func (r *room) volume(_ context.Context, arg string) (string, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(arg, "%"), 64)
	if err != nil {
		return "", errUsage
	}
	return fmt.Sprintf("The volume is %g%%.", percent), r.client.SetVolume(r.chatID, percent/100)
}

func (r *room) goodbye(context.Context, string) (string, error) {
	r.leave()
	return "Goodbye.", nil
}

func (r *room) help(context.Context, string) (string, error) {
	text := "I play music in voice chats." // first: an answer that were a command itself would be obeyed
	for _, c := range commands() {
		text += fmt.Sprintf("\n/%s %s – %s", c.name, c.args, c.does)
	}
	return text, nil
}
