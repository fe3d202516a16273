// Command bot is a music bot for the voice chats of Telegram groups, with gogram as its MTProto client. README.md says what to set.
//
//	go run . -dry ../../testdata/song.mp3   # without an account: plays to a Telegram on this machine
//	go run .                                # with an account, until Ctrl-C
//
// What is Telegram's is in groupcalls.go and updates.go; the commands are in package player.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"html"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	tg "github.com/amarnathcjd/gogram/telegram"

	"gotgcall"
	"gotgcall/examples/player"
)

// goodbyeTimeout is how long leaving all calls may take.
const goodbyeTimeout = 10 * time.Second

func main() {
	song := flag.String("dry", "", "play this song to a Telegram on this machine, without an account")
	flag.Parse()
	run := serve
	if *song != "" {
		run = func(ctx context.Context) error { return player.Dry(ctx, *song, os.Stdout) }
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for goodbyes
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(1)
	}
}

// serve is the bot, until ctx ends.
func serve(ctx context.Context) (err error) {
	account, owners, err := login()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, account.Stop()) }()
	client, err := gotgcall.New()
	if err != nil {
		return err
	}
	defer client.Close()

	bot := &telegram{groupCalls: newGroupCalls(account), account: account}
	music := player.New(client, bot)
	bot.onMute, bot.onEnd = music.SetMuted, music.CallEnded
	take := func(u tg.Update, _ *tg.Client) error {
		bot.take(ctx, u)
		return nil
	}
	account.OnRaw(&tg.UpdateGroupCallParticipants{}, take)
	account.OnRaw(&tg.UpdateGroupCall{}, take)

	// Only the account's owners may command: a command reads files of this machine and runs its programs.
	account.On(tg.OnMessage, func(m *tg.NewMessage) error {
		if chatID := m.ChannelID(); chatID < 0 { // groups and channels
			music.Command(chatID, m.Text())
		}
		return nil
	}, tg.Any(tg.IsOutgoing, tg.FromUsers(owners...)))

	<-ctx.Done()
	goodbye, cancel := context.WithTimeout(context.Background(), goodbyeTimeout)
	defer cancel()
	return music.Close(goodbye)
}

// login logs in as the environment says; see README.md.
func login() (account *tg.Client, owners []int64, err error) {
	appID, err := strconv.ParseInt(os.Getenv("APP_ID"), 10, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("APP_ID is %q, expected the number from https://my.telegram.org; -dry song.mp3 plays without an account",
			os.Getenv("APP_ID"))
	}
	if owners, err = player.Owners(os.Getenv("OWNERS")); err != nil {
		return nil, nil, fmt.Errorf("OWNERS: %w", err)
	}
	account, err = tg.NewClient(tg.ClientConfig{
		AppID: int32(appID), AppHash: os.Getenv("APP_HASH"), StringSession: os.Getenv("SESSION"), Session: "bot.session", LogLevel: tg.LogWarn,
	})
	if err != nil {
		return nil, nil, err
	}
	if err := signIn(account); err != nil {
		return nil, nil, errors.Join(err, account.Stop())
	}
	return account, owners, nil
}

// signIn asks for the code that Telegram sends, unless the session is good.
func signIn(account *tg.Client) error {
	if err := account.Connect(); err != nil {
		return err
	}
	if signedIn, _ := account.IsAuthorized(); !signedIn {
		if _, err := account.Login(os.Getenv("PHONE")); err != nil {
			return err
		}
	}
	me, err := account.GetMe()
	if err == nil && me.Bot {
		return errors.New("this is a bot's session, and bots cannot join voice chats: log in as a user")
	}
	return err
}

// telegram is all of Telegram that the player needs: the calls, and messages.
type telegram struct {
	*groupCalls
	account *tg.Client
}

// Send writes a message.
func (t *telegram) Send(_ context.Context, chatID int64, text string) (int, error) {
	m, err := t.account.SendMessage(chatID, html.EscapeString(text))
	if err != nil {
		return 0, err
	}
	return int(m.ID), nil
}

// Edit replaces the text of a message.
func (t *telegram) Edit(_ context.Context, chatID int64, message int, text string) error {
	_, err := t.account.EditMessage(chatID, int32(message), html.EscapeString(text))
	return explain(err)
}
