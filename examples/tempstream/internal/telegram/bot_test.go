package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-telegram/bot"

	"gotgcall/internal/leak"
)

const (
	operator = 11
	stranger = 66
)

// fakeLinks are the links of a service that keeps them in memory.
type fakeLinks struct {
	mu    sync.Mutex // guards what follows
	links []Link     // the newest first
	last  int64
	by    []int64
	label string
	fail  error
	block chan struct{} // NewLink waits for it when there is one
}

// born is when every link is made.
var born = time.Date(2030, time.January, 2, 15, 4, 0, 0, time.UTC)

func (f *fakeLinks) NewLink(_ context.Context, ttl time.Duration, label string, by int64) (Link, string, error) {
	f.mu.Lock()
	block := f.block
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return Link{}, "", f.fail
	}
	f.last++
	l := Link{ID: f.last, Label: label, Created: born}
	if ttl > 0 {
		l.Expires = born.Add(ttl)
	}
	f.links, f.by, f.label = append([]Link{l}, f.links...), append(f.by, by), label
	return l, fmt.Sprintf("https://stream.example/w/secret%d", l.ID), nil
}

func (f *fakeLinks) Active(context.Context) ([]Link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Link(nil), f.links...), f.fail
}

func (f *fakeLinks) Disable(_ context.Context, id, by int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	for i, l := range f.links {
		if l.ID == id {
			f.links, f.by = append(f.links[:i:i], f.links[i+1:]...), append(f.by, by)
			return nil
		}
	}
	return fmt.Errorf("link %d: %w", id, ErrNoLink)
}

func (f *fakeLinks) DisableLatest(ctx context.Context, by int64) (Link, error) {
	f.mu.Lock()
	links := f.links
	f.mu.Unlock()
	if len(links) == 0 {
		return Link{}, ErrNoLink
	}
	return links[0], f.Disable(ctx, links[0].ID, by)
}

func (f *fakeLinks) Status(context.Context) (Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Status{State: "live", Since: born, Viewers: 3, Links: len(f.links)}, f.fail
}

// logBuffer is a log that a test can read while it is written.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// running is a bot at work.
type running struct {
	t     *testing.T
	api   *fakeAPI
	links *fakeLinks
	log   *logBuffer
	end   func() // stops it and waits
}

func newBot(t *testing.T, url string, links Links, log *logBuffer) *Bot {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{
		Token: testToken, ServerURL: url, Allowed: []int64{operator}, TTLs: []time.Duration{30 * time.Minute, time.Hour, 3 * time.Hour},
		Location: berlin, PollTimeout: 5 * time.Second, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, links)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// start runs a bot against an API until the test is over.
func start(t *testing.T, api *fakeAPI) *running {
	t.Helper()
	r := &running{t: t, api: api, links: &fakeLinks{}, log: &logBuffer{}}
	b := newBot(t, api.web.URL, r.links, r.log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	r.end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the bot does not stop")
		}
		if strings.Contains(r.log.String(), testToken) {
			t.Errorf("the token is in the log:\n%s", r.log)
		}
	})
	t.Cleanup(r.end)
	return r
}

// says waits for the n-th message of the bot, which must contain that.
func (r *running) says(n int, parts ...string) apiCall {
	r.t.Helper()
	c := r.api.wait("sendMessage", n)
	for _, part := range parts {
		if !strings.Contains(c.fields["text"], part) {
			r.t.Errorf("the bot says %q without %q", c.fields["text"], part)
		}
	}
	return c
}

func TestOperatorsMakeListAndSwitchOffLinks(t *testing.T) {
	leak.Check(t)
	r := start(t, newFakeAPI(t))
	menu := r.api.wait("setMyCommands", 0)
	if !strings.Contains(menu.fields["commands"], `"command":"newperm"`) {
		t.Errorf("the menu is %s", menu.fields["commands"])
	}

	r.api.write(operator, "/new")
	c := r.says(0, "How long")
	for _, data := range []string{`"new:30m0s"`, `"new:1h0m0s"`, `"new:3h0m0s"`, `"do:newperm"`, `"text":"3h"`} {
		if !strings.Contains(c.fields["reply_markup"], data) {
			t.Errorf("no button %s in %s", data, c.fields["reply_markup"])
		}
	}
	r.api.press(operator, "new:1h0m0s")
	c = r.says(1, "#1, until Wed 2 Jan 2030 17:04 CET", "https://stream.example/w/secret1")
	if !strings.Contains(c.fields["reply_markup"], `"off:1"`) {
		t.Errorf("no button to switch it off: %s", c.fields["reply_markup"])
	}
	if c.fields["link_preview_options"] != `{"is_disabled":true}` {
		t.Errorf("Telegram is let to open the link for a preview: %q", c.fields["link_preview_options"])
	}

	r.api.write(operator, "/newperm@"+strings.ToUpper(botName)+"  the\nfamily ")
	r.says(2, "#2 “the family”, permanent", "secret2")
	r.api.write(operator, "/new 90m film night")
	r.says(3, "#3 “film night”, until Wed 2 Jan 2030 17:34 CET")
	r.api.write(operator, "/active")
	c = r.says(4, "3 links work now:", "#3 “film night”", "#2 “the family”, permanent", "#1, until")
	if !strings.Contains(c.fields["reply_markup"], `"list:2"`) {
		t.Errorf("no button for link 2: %s", c.fields["reply_markup"])
	}
	r.api.write(operator, "/status")
	r.says(5, "The stream is live since Wed 2 Jan 2030 16:04 CET.", "3 viewers, 3 active links")

	r.api.write(operator, "/offlast")
	r.says(6, "Link #3 “film night” is off.")
	r.api.write(operator, "/off 2")
	r.says(7, "Link #2 is off.")
	r.api.write(operator, "/off #2")
	r.says(8, "does not work any more")

	// The button below a link takes the address out of the chat.
	r.api.press(operator, "off:1")
	edit := r.api.wait("editMessageText", 0)
	if text := edit.fields["text"]; !strings.HasPrefix(text, "Link #1 is off. (") || edit.fields["message_id"] != "7" || edit.fields["reply_markup"] != "" {
		t.Errorf("the message becomes %v", edit.fields)
	}
	r.api.write(operator, "/offlast")
	r.says(9, "nothing to switch off")
	r.end()
	r.api.until("the bot leaves no connection", func() bool { return r.api.open == 0 })
	if len(r.links.by) != 6 || r.links.by[0] != operator {
		t.Errorf("asked by %v", r.links.by)
	}
}

func TestTheListIsWrittenAnewWhenOneOfItIsSwitchedOff(t *testing.T) {
	r := start(t, newFakeAPI(t))
	for range listed + 5 {
		if _, _, err := r.links.NewLink(t.Context(), 0, strings.Repeat("ß", 100), operator); err != nil {
			t.Fatal(err)
		}
	}
	r.api.press(operator, "list:30")
	if c := r.api.wait("answerCallbackQuery", 0); c.fields["text"] != "Link #30 is off." {
		t.Errorf("the button says %q", c.fields["text"])
	}
	c := r.api.wait("editMessageText", 0)
	text := c.fields["text"]
	if strings.Contains(text, "#30 ") || !strings.Contains(text, "#29 ") || !strings.HasSuffix(text, "and 4 older.") {
		t.Errorf("the list is\n%s", text)
	}
	if n := len([]rune(text)); n > 4096 {
		t.Errorf("the list has %d characters, and Telegram takes 4096", n)
	}
}

func TestStrangersAreDeniedEverythingButTheirOwnID(t *testing.T) {
	r := start(t, newFakeAPI(t))
	for i, text := range []string{"/new", "/newperm", "/active", "/status", "/off 1", "/offlast", "/help", "/start", "/nonsense", "let me in"} {
		r.api.write(stranger, text)
		if c := r.says(i); c.fields["text"] != denied {
			t.Errorf("to %s the bot says %q", text, c.fields["text"])
		}
	}
	r.api.write(stranger, "/whoami")
	r.says(10, "Your user id is 66.")
	for i, data := range []string{"new:1h0m0s", "off:1", "list:1", "do:active", "do:offlast", "x"} {
		r.api.press(stranger, data)
		if c := r.api.wait("answerCallbackQuery", i); c.fields["text"] != denied {
			t.Errorf("the button %s says %q", data, c.fields["text"])
		}
	}
	r.end()
	if len(r.links.by) != 0 {
		t.Error("something was done for a stranger")
	}
}

func TestOddMessagesAreAnsweredInWords(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"a number that is none", "/off abc", "/off takes the number of a link"},
		{"no number", "/off", "/off takes the number of a link"},
		{"a negative number", "/off -3", "/off takes the number of a link"},
		{"a number that is too long", "/off 99999999999999999999", "/off takes the number of a link"},
		{"a link that never was", "/off 12", "Link #12 does not work any more, or never existed."},
		{"a duration that is none", "/new soon", `"soon" does not begin with a duration`},
		{"a duration below zero", "/new -1h x", "does not begin with a duration"},
		{"an unknown command", "/launch", "There is no such command."},
		{"an empty command", "/", "There is no such command."},
		{"talk", "good morning", "There is no such command."},
		{"large letters and white space", "  /STATUS  ", "The stream is live"},
		{"a Unicode mess before the slash", "😀 /new", "There is no such command."},
		{"help", "/help", "/offlast: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, newFakeAPI(t))
			r.api.write(operator, c.text)
			r.says(0, c.says)
		})
	}
}

func TestInAGroupTheBotListensToItsOwnCommandsAlone(t *testing.T) {
	r := start(t, newFakeAPI(t))
	const group = -100123
	for _, text := range []string{"good morning", "/launch", "/new@another_bot", "/", "", "/status@"} {
		r.api.writeIn(stranger, group, "supergroup", text)
	}
	r.api.writeIn(operator, group, "supergroup", "/status@"+botName)
	r.says(1, "The stream is live")
	if c := r.says(0); c.fields["chat_id"] != "-100123" || c.fields["text"] != denied {
		t.Errorf("the first answer is %v", c.fields) // to "/status@" alone, which names no bot
	}
	r.api.writeIn(operator, group, "supergroup", "/launch@"+botName)
	r.says(2, "no such command")
}

func TestButtonsFromAnotherTimeDoNothing(t *testing.T) {
	r := start(t, newFakeAPI(t))
	for i, data := range []string{"new:2h0m0s", "new:", "off:", "off:x", "list:99999999999999999999", "do:", "do:launch", "", ":", "nonsense"} {
		r.api.press(operator, data)
		if c := r.api.wait("answerCallbackQuery", i); !strings.Contains(c.fields["text"], "from another time") {
			t.Errorf("the button %q says %q", data, c.fields["text"])
		}
	}
	r.api.update(`"callback_query":{"id":"q2","from":{"id":11,"is_bot":false,"first_name":"A"},"data":"do:status"}`)
	if c := r.api.wait("answerCallbackQuery", 10); !strings.Contains(c.fields["text"], "too old") {
		t.Errorf("a button without a message says %q", c.fields["text"])
	}
	r.api.update(`"callback_query":{"id":"q3","from":{"id":11,"is_bot":false,"first_name":"A"},"data":"do:status","message":{"message_id":9,"date":0,"chat":{"id":11,"type":"private"}}}`)
	r.says(0, "The stream is live")
	if len(r.links.by) != 0 {
		t.Error("a link was made or switched off")
	}
}

func TestTroubleOfTheServiceIsToldWithoutDetails(t *testing.T) {
	r := start(t, newFakeAPI(t))
	r.links.fail = errors.New("disk full at /var/lib")
	for i, text := range []string{"/newperm", "/active", "/status", "/off 1"} {
		r.api.write(operator, text)
		if c := r.says(i); c.fields["text"] != failed {
			t.Errorf("to %s the bot says %q", text, c.fields["text"])
		}
	}
	r.api.press(operator, "off:1")
	if c := r.api.wait("answerCallbackQuery", 0); c.fields["text"] != failed {
		t.Errorf("the button says %q", c.fields["text"])
	}
	r.end()
	if n := strings.Count(r.log.String(), "disk full"); n != 5 {
		t.Errorf("the log tells of it %d times, expected 5:\n%s", n, r.log)
	}
	if r.api.count("editMessageText") != 0 {
		t.Error("a message was changed as if the link were off")
	}
}

const tooMany = `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`

func TestAfterTooManyRequestsTheMessageIsSentAgain(t *testing.T) {
	t.Parallel()
	r := start(t, newFakeAPI(t))
	r.api.answer("sendMessage", tooMany)
	begin := time.Now()
	r.api.write(operator, "/newperm")
	r.says(1, "secret1")
	if d := time.Since(begin); d < time.Second {
		t.Errorf("sent again after %v; Telegram asked for a second", d)
	}
	if r.end(); r.links.last != 1 {
		t.Errorf("%d links were made", r.links.last)
	}
}

func TestNobodyWaitsLongerThanThereIsTime(t *testing.T) {
	for _, c := range []struct {
		name        string
		retryAfter  int
		limit, wait time.Duration
		tries       int
	}{
		{"what fits is waited for", 40, updateTime, 40 * time.Second, 2},
		{"what does not is given up at once", 40, strangerTime, 0, 1},
		{"no time at all is a second", 0, strangerTime, time.Second, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &Bot{}
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				begin, tries := time.Now(), 0
				err := b.try(ctx, func(context.Context) error {
					if tries++; tries == 1 {
						return &bot.TooManyRequestsError{RetryAfter: c.retryAfter}
					}
					return nil
				})
				if d := time.Since(begin); d != c.wait || tries != c.tries || (err == nil) != (tries == 2) {
					t.Errorf("%v after %d tries and %v", err, tries, d)
				}
			})
		})
	}
}

func TestAPollWaitsAsLongAsTelegramAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		w := newWire(time.Minute, func() { polls++ })
		w.client.Transport = answers(strings.ReplaceAll(tooMany, "1}}", "35}}"))
		poll := func(ctx context.Context) (time.Duration, error) {
			begin := time.Now()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://telegram.example/bot1/getUpdates", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Do(r)
			return time.Since(begin), err
		}
		if d, err := poll(t.Context()); d != 35*time.Second || err != nil {
			t.Errorf("%v after %v, expected nothing after 35 s", err, d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if d, err := poll(ctx); d != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v, expected the end of the context after 5 s", err, d)
		}
		if polls != 0 {
			t.Error("what was no answer counts as one")
		}
	})
}

// answers is a transport without a network: the same answer to everything.
type answers string

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

func TestGarbageOfTheServerIsSurvived(t *testing.T) {
	leak.Check(t)
	api := newFakeAPI(t)
	api.answer("getMe", `<html>`+testToken+`</html>`)
	api.answer("setMyCommands", `nonsense`)
	for _, garbage := range []string{
		`{"ok":true,"result":[null]}`, `{"ok":true,"result":[7]}`, `[]`, ``, `{"ok":true,"result":{}}`, `null`, `{"ok":true,"result":[{}]}`,
		`{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}`, strings.Repeat("x", 10_000) + testToken, tooMany,
	} {
		api.answer("getUpdates", garbage, `{"ok":true,"result":[]}`) // the second ends the library's backoff
	}
	api.answer("sendMessage", `garbage`, ``)
	r := start(t, api)
	api.write(operator, "/status")
	r.says(2, "The stream is live")
	r.end()
	for _, part := range []string{"Telegram does not answer", "[token]", "Conflict", "answers again"} {
		if !strings.Contains(r.log.String(), part) {
			t.Errorf("the log lacks %q:\n%s", part, r.log)
		}
	}
}

func TestARefusedTokenIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.answer("getMe", `{"ok":false,"error_code":401,"description":"Unauthorized"}`)
	r := start(t, api)
	api.wait("getMe", 1)
	api.wait("getUpdates", 0)
	if !strings.Contains(r.log.String(), "check the token") {
		t.Errorf("the log does not say what to do:\n%s", r.log)
	}
}

func TestTheBotStartsWithoutTelegramAndFindsItLater(t *testing.T) {
	leak.Check(t)
	api := newFakeAPI(t)
	api.setDown(true)
	r := start(t, api)
	api.wait("getMe", 0)
	api.setDown(false)
	api.write(operator, "/status")
	r.says(0, "The stream is live")

	api.setDown(true) // and away again
	api.mu.Lock()
	api.tell()
	api.mu.Unlock()
	api.web.CloseClientConnections()
	api.until("a poll that fails", func() bool { return strings.Contains(r.log.String(), "does not answer as it should") })
	api.setDown(false)
	api.write(operator, "/active")
	r.says(1, "No link works now")
}

func TestWithNobodyThereTheBotStopsAtOnce(t *testing.T) {
	leak.Check(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close() // now it refuses
	log := &logBuffer{}
	b := newBot(t, url, &fakeLinks{}, log)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	deadline := time.Now().Add(patience)
	for !strings.Contains(log.String(), "Telegram does not answer") {
		if time.Now().After(deadline) {
			t.Fatalf("the log says nothing of it:\n%s", log)
		}
		<-time.After(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), testToken) {
		t.Errorf("the token is in the log:\n%s", log)
	}
}

func TestAnOperatorStillGetsTheLinkThatIsMadeWhileTheBotStops(t *testing.T) {
	leak.Check(t)
	r := start(t, newFakeAPI(t))
	r.links.block = make(chan struct{})
	r.api.write(operator, "/newperm")
	r.api.until("the command is acknowledged", func() bool {
		return r.api.polling > 0 && len(r.api.updates) == 0 && r.api.nextID == 101
	})
	ended := make(chan struct{})
	go func() { defer close(ended); r.end() }()
	close(r.links.block)
	<-ended
	if n := r.api.count("sendMessage"); n != 1 {
		t.Errorf("%d messages were sent, expected the one with the address", n)
	}
}

func TestWaitsEndWithTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Bot{log: newReporter(slog.New(slog.DiscardHandler), "t"), allowed: []int64{operator}}
		ctx, stop := context.WithCancel(t.Context())
		for user, limit := range map[int64]time.Duration{operator: updateTime, stranger: strangerTime} {
			begin := time.Now()
			work, done := b.working(ctx, user)
			<-work.Done()
			if d := time.Since(begin); d != limit {
				t.Errorf("the work for %d ends after %v, expected %v", user, d, limit)
			}
			done()
		}
		work, done := b.working(ctx, operator)
		defer done()
		stop()
		begin := time.Now()
		<-work.Done()
		if d := time.Since(begin); d != stopTime {
			t.Errorf("after the stop it ends after %v, expected %v", d, stopTime)
		}
	})
}

func TestTheSameTroubleIsLoggedOnceAndRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logBuffer{}
		r := newReporter(slog.New(slog.NewTextHandler(log, nil)), "TOKEN")
		for range 10 {
			r.failed(errors.New("no route with TOKEN"))
		}
		time.Sleep(remindEvery) // fake time
		r.failed(errors.New("no route with TOKEN"))
		if n := strings.Count(log.String(), "no route with [token]"); n != 2 {
			t.Errorf("logged %d times, expected 2:\n%s", n, log)
		}
		r.reached()
		r.reached()
		if n := strings.Count(log.String(), "answers again"); n != 1 {
			t.Errorf("the end of it is logged %d times", n)
		}
		r.hush()
		if r.failed(errors.New("broken off")); strings.Contains(log.String(), "broken off") {
			t.Error("what is broken off by the stop is logged as a trouble")
		}
	})
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, says string
		o          Options
	}{
		{"no token", "empty", Options{}},
		{"a token with a line break", "characters that no token has", Options{Token: testToken + "\n"}},
		{"a token that leads elsewhere", "characters that no token has", Options{Token: "../../x?"}},
		{"a poll too short", "too short", Options{Token: testToken, PollTimeout: time.Millisecond}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.o, &fakeLinks{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, expected something with %q", err, c.says)
			}
			if strings.Contains(err.Error(), testToken) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}
