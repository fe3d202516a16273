package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/telegram/message"
	"github.com/gotd/td/telegram/message/unpack"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/telegram/updates/hook"
	"github.com/gotd/td/tg"

	"gotgcall"
	"gotgcall/examples/player"
)

// goodbyeTimeout is how long leaving all calls may take.
const goodbyeTimeout = 10 * time.Second

// serve is the bot, until ctx ends.
func serve(ctx context.Context) error {
	appID, err := strconv.Atoi(os.Getenv("APP_ID"))
	if err != nil {
		return fmt.Errorf("APP_ID is %q, expected the number from https://my.telegram.org; -dry song.mp3 plays without an account", os.Getenv("APP_ID"))
	}
	owners, err := player.Owners(os.Getenv("OWNERS"))
	if err != nil {
		return fmt.Errorf("OWNERS: %w", err)
	}
	client, err := gotgcall.New()
	if err != nil {
		return err
	}
	defer client.Close()

	dispatcher := tg.NewUpdateDispatcher()
	gaps := updates.New(updates.Config{Handler: dispatcher}) // fetches what was missed
	account := telegram.NewClient(appID, os.Getenv("APP_HASH"), telegram.Options{
		SessionStorage: &telegram.FileSessionStorage{Path: "bot-gotd.session"},
		UpdateHandler:  gaps,
		Middlewares:    []telegram.Middleware{hook.UpdateHook(gaps.Handle)},
	})
	bot := &chats{groupCalls: newGroupCalls(account.API()), sender: message.NewSender(account.API())}
	music := player.New(client, bot)
	bot.onMute, bot.onEnd = music.SetMuted, music.CallEnded
	listen(dispatcher, bot, music, owners)

	// The connection to Telegram outlives ctx, so that the bot can still leave its calls.
	online, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	tooEarly := context.AfterFunc(ctx, disconnect)
	return account.Run(online, func(online context.Context) error {
		if err := login(ctx, account); err != nil {
			return err
		}
		if !tooEarly() {
			return context.Cause(ctx)
		}
		self, err := account.Self(ctx)
		if err != nil {
			return err
		}
		if self.Bot {
			return errors.New("this is a bot's session, and bots cannot join voice chats: log in as a user")
		}
		lost := make(chan error, 1)
		go func() { lost <- gaps.Run(online, account.API(), self.ID, updates.AuthOptions{}) }()
		select {
		case err = <-lost:
		case <-ctx.Done():
		}
		goodbye, cancel := context.WithTimeout(online, goodbyeTimeout)
		defer cancel()
		return errors.Join(err, music.Close(goodbye))
	})
}

// listen has the player hear what happens.
func listen(dispatcher tg.UpdateDispatcher, bot *chats, music *player.Player, owners []int64) {
	hear := func(entities tg.Entities, class tg.MessageClass) {
		m, ok := class.(*tg.Message)
		if !ok {
			return
		}
		from, _ := m.FromID.(*tg.PeerUser)
		// Only the account's owners may command: a command reads files of this machine and runs its programs.
		if chatID := bot.meet(m.PeerID, entities); chatID != 0 && (m.Out || from != nil && slices.Contains(owners, from.UserID)) {
			music.Command(chatID, m.Message)
		}
	}
	dispatcher.OnNewMessage(func(_ context.Context, e tg.Entities, u *tg.UpdateNewMessage) error {
		hear(e, u.Message)
		return nil
	})
	dispatcher.OnNewChannelMessage(func(_ context.Context, e tg.Entities, u *tg.UpdateNewChannelMessage) error {
		hear(e, u.Message)
		return nil
	})
	dispatcher.OnGroupCallParticipants(func(ctx context.Context, _ tg.Entities, u *tg.UpdateGroupCallParticipants) error {
		go bot.take(ctx, u) // it may ask Telegram for something, whose answer has to come past here
		return nil
	})
	dispatcher.OnGroupCall(func(ctx context.Context, _ tg.Entities, u *tg.UpdateGroupCall) error {
		bot.take(ctx, u)
		return nil
	})
}

// login logs in, unless the session is good: it asks for the code that Telegram sends.
func login(ctx context.Context, account *telegram.Client) error {
	ask := auth.CodeAuthenticatorFunc(func(context.Context, *tg.AuthSentCode) (string, error) {
		fmt.Print("the code that Telegram has sent: ")
		code, err := bufio.NewReader(os.Stdin).ReadString('\n')
		return strings.TrimSpace(code), err
	})
	flow := auth.NewFlow(auth.Constant(os.Getenv("PHONE"), os.Getenv("PASSWORD"), ask), auth.SendCodeOptions{})
	return account.Auth().IfNecessary(ctx, flow)
}

// chats is all of Telegram that the player needs: the calls, and messages.
type chats struct {
	*groupCalls
	sender *message.Sender
}

// Send writes a message.
func (c *chats) Send(ctx context.Context, chatID int64, text string) (int, error) {
	peer, err := c.peer(chatID)
	if err != nil {
		return 0, err
	}
	return unpack.MessageID(c.sender.To(peer).Text(ctx, text))
}

// Edit replaces the text of a message.
func (c *chats) Edit(ctx context.Context, chatID int64, id int, text string) error {
	peer, err := c.peer(chatID)
	if err != nil {
		return err
	}
	_, err = c.sender.To(peer).Edit(id).Text(ctx, text)
	return explain(err)
}
