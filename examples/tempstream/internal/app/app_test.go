package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/telegram"
	"gotgcall/examples/tempstream/internal/testkit"
	"gotgcall/internal/leak"
)

// settings are those of a service on this machine, with changes.
func settings(t *testing.T, change map[string]string) config.Config {
	t.Helper()
	environ := map[string]string{
		"HTTP_ADDR": "127.0.0.1:0", "ADMIN_ADDR": "127.0.0.1:0", "RTMP_ADDR": testkit.FreeAddr(t), "COOKIE_SECURE": "false",
		"DB_PATH": filepath.Join(t.TempDir(), "db.sqlite"),
	}
	for name, value := range change {
		environ[name] = value
	}
	c, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a service until the test ends.
func start(t *testing.T, c config.Config) *App {
	t.Helper()
	leak.Check(t)
	log := &testkit.Buffer{}
	a, err := New(t.Context(), c, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log)
		}
	})
	return a
}

// viewer is a browser that has opened a link.
type viewer struct {
	base   string
	client *http.Client
}

func watch(t *testing.T, url string) *viewer {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	v := &viewer{client: &http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(v.client.CloseIdleConnections)
	v.base, _, _ = strings.Cut(url, "/live/")
	got, err := v.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Fatalf("the page: %s", got.Status)
	}
	return v
}

// get returns what the service answers.
func (v *viewer) get(name string) (code int, body []byte, err error) {
	got, err := v.client.Get(v.base + "/play/" + name)
	if err != nil {
		return 0, nil, err
	}
	defer got.Body.Close()
	body, err = io.ReadAll(got.Body)
	return got.StatusCode, body, err
}

func TestWhatIsWrongAtTheStartNamesItsVariableAndLeavesNothing(t *testing.T) {
	leak.Check(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, value := range map[string]string{
		"HTTP_ADDR": taken.Addr().String(), "ADMIN_ADDR": taken.Addr().String(), "RTMP_ADDR": taken.Addr().String(),
		"DB_PATH": filepath.Join(t.TempDir(), "none", "db.sqlite"), "FFMPEG": "/none/ffmpeg", "MEDIA_DIR": filepath.Join(file, "dir"),
	} {
		c := settings(t, map[string]string{variable: value})
		if a, err := New(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), variable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: %v, %v", variable, value, a, err)
		}
	}
	token := settings(t, map[string]string{"TELEGRAM_BOT_TOKEN": "with a space", "ALLOWED_CHAT_IDS": "1"})
	if _, err := New(t.Context(), token, slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "with a space") {
		t.Errorf("a token that is none: %v", err)
	}
}

func TestTheBotCommandsTheSameLinksThatViewersOpen(t *testing.T) {
	a := start(t, settings(t, nil))
	ctx, bot := t.Context(), links{a}
	lasting, url, err := bot.NewLink(ctx, 0, "friends", 7)
	if err != nil || !lasting.Expires.IsZero() || lasting.Label != "friends" {
		t.Fatalf("%+v, %v", lasting, err)
	}
	short, _, err := bot.NewLink(ctx, time.Hour, "", 7)
	if err != nil {
		t.Fatal(err)
	}
	v := watch(t, url)
	if code, body, err := v.get("index.m3u8"); code != http.StatusNotFound || err != nil {
		t.Errorf("without a broadcast: %d %s %v", code, body, err)
	}
	active, err := bot.Active(ctx)
	if err != nil || len(active) != 2 || active[0].ID != short.ID || active[1].Viewers != 1 {
		t.Errorf("expected the newest first, and one viewer: %+v, %v", active, err)
	}
	if s, err := bot.Status(ctx); err != nil || s.State != "waiting" || s.Viewers != 1 || s.Links != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if l, err := bot.DisableLatest(ctx, 7); err != nil || l.ID != short.ID {
		t.Errorf("%+v, %v", l, err)
	}
	if err := bot.Disable(ctx, lasting.ID, 7); err != nil {
		t.Error(err)
	}
	if code, body, _ := v.get("index.m3u8"); code != http.StatusForbidden || !strings.Contains(string(body), "off") {
		t.Errorf("at once after it was disabled: %d %s", code, body)
	}
	if err := bot.Disable(ctx, lasting.ID, 7); !errors.Is(err, telegram.ErrNoLink) {
		t.Errorf("disabled twice: %v", err)
	}
	if _, err := bot.DisableLatest(ctx, 7); !errors.Is(err, telegram.ErrNoLink) {
		t.Errorf("without a link: %v", err)
	}
	notes, err := a.store.Audit(ctx, 1)
	if err != nil || notes[0].Actor != "telegram:7" || notes[0].Action != "link disabled" {
		t.Errorf("%+v, %v", notes, err)
	}
}

func TestAnOperatorsWordHoldsUntilTheBroadcastHasAnother(t *testing.T) {
	now := media.Status{State: media.Live}
	a := announcement{media: func() media.Status { return now }}
	say := func(s media.State) media.State {
		a.set(s)
		return a.status().State
	}
	if say(media.Paused) != media.Paused || say(media.Live) != media.Live || say(media.Ended) != media.Ended {
		t.Error("the word of the operator does not hold")
	}
	now.State = media.Waiting
	if say(media.Paused) != media.Waiting || say(media.Live) != media.Waiting {
		t.Error("a broadcast that is not there is paused")
	}
}

func TestALinkThatIsDisabledByAnotherProcessEndsHere(t *testing.T) {
	c := settings(t, nil)
	a := start(t, c)
	l, url, err := a.NewLink(t.Context(), store.LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	v := watch(t, url)
	got, err := v.client.Get(v.base + "/play/events")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	other, err := store.Open(t.Context(), c.DBPath)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	began := time.Now()
	if _, err := other.DisableLink(t.Context(), l.ID, "test"); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	took := time.Since(began)
	t.Logf("link off → last byte of the events: %v", took)
	if err != nil || !strings.HasSuffix(string(body), "event: state\ndata: {\"state\":\"off\"}\n\n") || took > 10*time.Second {
		t.Errorf("after %v: %q, %v", took, body, err)
	}
}
