package telegram

import (
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

// The commands of the bot, as they stand behind the slash and in the data of buttons.
const (
	cmdNew     = "new"
	cmdNewPerm = "newperm"
	cmdActive  = "active"
	cmdStatus  = "status"
	cmdOff     = "off"
	cmdOffLast = "offlast"
	cmdWhoAmI  = "whoami"
	cmdHelp    = "help"
	cmdStart   = "start" // what Telegram's own button sends first
)

// menu is what Telegram shows while somebody types a slash, and what /help prints.
var menu = [...]models.BotCommand{
	{Command: cmdNew, Description: "a link for some time: /new, or /new 1h film night"},
	{Command: cmdNewPerm, Description: "a permanent link: /newperm, or /newperm family"},
	{Command: cmdActive, Description: "the links that work now"},
	{Command: cmdStatus, Description: "how the stream is doing"},
	{Command: cmdOff, Description: "switch a link off: /off 12"},
	{Command: cmdOffLast, Description: "switch the newest link off"},
	{Command: cmdWhoAmI, Description: "your user id, for the list of operators"},
	{Command: cmdHelp, Description: "this list"},
}

// command is what somebody typed behind a slash.
type command struct {
	name string // in small letters, without the slash
	to   string // the bot that it names, as in /new@botname; empty without one
	args string // what follows, without white space around it
}

// parseCommand takes a message apart. It does not rely on the entities that Telegram sends along: their offsets count UTF-16 units, and a command in
// the middle of a message is talk.
func parseCommand(text string) (c command, ok bool) {
	word, ok := strings.CutPrefix(strings.TrimSpace(text), "/")
	if !ok {
		return command{}, false
	}
	if end := strings.IndexFunc(word, isSpace); end >= 0 {
		word, c.args = word[:end], strings.TrimSpace(word[end:])
	}
	c.name, c.to, _ = strings.Cut(word, "@")
	c.name = strings.ToLower(c.name)
	return c, c.name != ""
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f\u00a0", r) }

// parseTTL takes the duration off the front of "1h30m film night". ok is false when the first word is none, or not a positive one.
func parseTTL(args string) (ttl time.Duration, label string, ok bool) {
	word := args
	if end := strings.IndexFunc(args, isSpace); end >= 0 {
		word, label = args[:end], strings.TrimSpace(args[end:])
	}
	ttl, err := time.ParseDuration(word)
	return ttl, label, err == nil && ttl > 0
}
