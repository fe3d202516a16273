package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gotgcall"
)

// command is what the page asks for. What a command does not need is empty.
type command struct {
	Do      string  `json:"do"`      // one of commands
	Source  choice  `json:"source"`  // of play and queue
	Value   float64 `json:"value"`   // of seek in seconds, of volume and speed a factor
	Address string  `json:"address"` // of broadcast; empty for a server of our own
}

// commands are what a bot's users can ask for, each with what the library has for it.
var commands = map[string]func(b *bot, ctx context.Context, c command) error{
	"play":   func(b *bot, ctx context.Context, c command) error { return b.add(ctx, c.Source, true) },
	"queue":  func(b *bot, ctx context.Context, c command) error { return b.add(ctx, c.Source, false) },
	"next":   func(b *bot, _ context.Context, _ command) error { return b.playlist().Next() },
	"pause":  func(b *bot, _ context.Context, _ command) error { return only(b.client.Pause(chatID)) },
	"resume": func(b *bot, _ context.Context, _ command) error { return only(b.client.Resume(chatID)) },
	"mute":   func(b *bot, _ context.Context, _ command) error { return only(b.client.Mute(chatID)) },
	"unmute": func(b *bot, _ context.Context, _ command) error { return only(b.client.Unmute(chatID)) },
	"seek":   func(b *bot, ctx context.Context, c command) error { return b.seek(ctx, c.Value) },
	"volume": func(b *bot, _ context.Context, c command) error { return b.setVolume(c.Value) },
	"speed":  func(b *bot, _ context.Context, c command) error { return b.setSpeed(c.Value) },
	"stop":   func(b *bot, _ context.Context, _ command) error { return b.hangUp() },

	"broadcast":     func(b *bot, ctx context.Context, c command) error { return b.startBroadcast(ctx, c.Address) },
	"stopBroadcast": func(b *bot, _ context.Context, _ command) error { return b.stopBroadcast() },
}

// do carries out a command of the page.
func (b *bot) do(ctx context.Context, c command) error {
	f := commands[c.Do]
	if f == nil {
		return fmt.Errorf("there is no command %q; the commands are %s", c.Do, strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	return f(b, ctx, c)
}

// add plays a source at once, or when those before it are over.
func (b *bot) add(ctx context.Context, c choice, now bool) error {
	source, info, err := b.sourceOf(ctx, c)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.tracks[source] = info
	list, options := b.list, b.options
	b.mu.Unlock()

	if _, playing := list.Current(); playing && !now {
		list.Append(source)
		b.say("queued: %s", info.Title)
		return nil
	}
	// A list of its own, which replaces what plays without a gap; what cannot be played changes nothing.
	list = gotgcall.NewPlaylist(source)
	if err := b.client.SetStreamSourcesContext(ctx, chatID, list, options); err != nil {
		return err
	}
	b.mu.Lock()
	b.list = list
	b.mu.Unlock()
	return nil
}

func (b *bot) playlist() *gotgcall.Playlist {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list
}

// seek goes to a moment, in seconds from the beginning. The library counts from where it is.
func (b *bot) seek(ctx context.Context, to float64) error {
	now, err := b.client.Time(chatID)
	if err != nil {
		return err
	}
	return b.client.SeekByContext(ctx, chatID, int64(to*1000)-int64(now))
}

func (b *bot) setVolume(v float64) error {
	b.mu.Lock()
	b.options.Volume = v
	b.mu.Unlock()
	return unlessIdle(b.client.SetVolume(chatID, v))
}

func (b *bot) setSpeed(v float64) error {
	b.mu.Lock()
	b.options.Speed = v
	b.mu.Unlock()
	return unlessIdle(b.client.SetSpeed(chatID, v))
}

// unlessIdle is for what the next source remembers, too.
func unlessIdle(err error) error {
	if errors.Is(err, gotgcall.ErrNoSource) {
		return nil
	}
	return err
}

// only leaves out whether something has changed: the page asks for a state, and is told of changes by OnUpgrade.
func only(_ bool, err error) error { return err }

// trackInfo is what the page shows of a source.
type trackInfo struct {
	Title    string  `json:"title"`
	Duration float64 `json:"duration"` // in seconds; 0 when it is not known
	Details  string  `json:"details"`
}

// look finds out what is in a source before it is played. What cannot be looked into (a command, say) is shown by its name.
func (b *bot) look(ctx context.Context, source gotgcall.Source, name string) trackInfo {
	info := trackInfo{Title: name}
	media, err := b.client.Probe(ctx, source)
	if err != nil {
		return info
	}
	if media.Title != "" {
		info.Title = strings.TrimPrefix(media.Artist+" – "+media.Title, " – ")
	}
	info.Duration = media.Duration.Round(time.Millisecond).Seconds()
	parts := []string{media.Container}
	for _, s := range media.Streams {
		parts = append(parts, streamWords(s.Codec, s.SampleRate, s.Channels, s.Width, s.Height, s.FPS))
	}
	if media.Live {
		parts = append(parts, "live")
	}
	info.Details = strings.Join(parts, ", ")
	return info
}
