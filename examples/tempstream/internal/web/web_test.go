package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/access"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/testkit"
	"gotgcall/internal/leak"
)

// studio is a media server that brings whatever a test needs.
type studio struct {
	mu    sync.Mutex // guards what follows
	state media.State
	ill   error
}

func (s *studio) set(state media.State, ill error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.ill = state, ill
}

func (s *studio) Run(context.Context) error { return nil }

func (s *studio) Status() media.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return media.Status{State: s.state}
}

func (s *studio) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ill
}

func (s *studio) ServeHLS(w http.ResponseWriter, r *http.Request, name string) {
	switch name {
	case "held.m3u8": // a low-latency playlist: there is an answer when there is something new
		<-r.Context().Done()
	case "endless.m4s":
		for part := bytes.Repeat([]byte("x"), 64<<10); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	default:
		fmt.Fprintln(w, name)
	}
}

// site is a whole service but for its media.
type site struct {
	*httptest.Server
	web    *Server
	admin  http.Handler
	store  *store.Store
	gate   *access.Gate
	studio *studio
	log    *testkit.Buffer
	stop   func() // stops the server as the service does
}

func newSite(t *testing.T) *site {
	t.Helper()
	leak.Check(t)
	s := &site{studio: &studio{state: media.Live}, log: &testkit.Buffer{}}
	var err error
	if s.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "db.sqlite")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.gate = access.New(s.store, log)
	s.web = New(Config{
		Gate: s.gate, Store: s.store, Media: s.studio, Status: s.studio.Status, CookieSecure: true,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: log,
	})
	s.admin = s.web.Admin()
	s.Server = httptest.NewServer(s.web.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.gate.Run(ctx) })
	running.Go(func() { _ = s.web.Run(ctx) })
	s.stop = sync.OnceFunc(s.web.Stop)
	t.Cleanup(func() {
		s.stop()
		s.Close()
		cancel()
		running.Wait()
		s.gate.Close()
		s.store.Close()
	})
	return s
}

// newLink makes a link and returns its token.
func (s *site) newLink(t *testing.T, o store.LinkOptions) (store.Link, string) {
	t.Helper()
	l, token, err := s.store.CreateLink(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l, token
}

// visitor is a browser, as far as cookies go; it takes cookies for HTTPS over plain HTTP.
type visitor struct {
	site   *site
	client *http.Client
	cookie *http.Cookie
}

func (s *site) visitor(t *testing.T) *visitor {
	jar, _ := cookiejar.New(nil)
	v := &visitor{site: s, client: &http.Client{Jar: jar, Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
	t.Cleanup(v.client.CloseIdleConnections)
	return v
}

// request asks for a path as it is, without cleaning it.
func (v *visitor) request(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.cookie != nil && strings.HasPrefix(path, v.cookie.Path) {
		r.AddCookie(v.cookie)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	got, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { got.Body.Close() })
	return got
}

// get asks and reads the answer.
func (v *visitor) get(t *testing.T, path string, header ...string) (int, string, http.Header) {
	t.Helper()
	got := v.request(t, path, header...)
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	return got.StatusCode, string(body), got.Header
}

// open opens a link and keeps its cookie.
func (v *visitor) open(t *testing.T, token string) {
	t.Helper()
	got := v.request(t, "/w/"+token)
	if got.StatusCode != http.StatusOK || len(got.Cookies()) != 1 {
		t.Fatalf("%d, cookies %v", got.StatusCode, got.Cookies())
	}
	v.cookie = got.Cookies()[0]
	_, _ = io.Copy(io.Discard, got.Body)
	got.Body.Close()
}

func TestALinkOpensThePageAndASessionForTheStreamAlone(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{TTL: time.Hour, Label: "for <friends>"})
	v := s.visitor(t)
	for _, path := range []string{"/live/stream/" + token, "/w/" + token} {
		got := v.request(t, path)
		body, _ := io.ReadAll(got.Body)
		if got.StatusCode != http.StatusOK || !strings.Contains(string(body), "for &lt;friends&gt;") || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v\n%s", path, got.StatusCode, got.Header, body)
		}
		c := got.Cookies()[0]
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/play/" || time.Until(c.Expires) > time.Hour || c.Value == token {
			t.Errorf("the cookie is %v", c)
		}
		if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
			got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("header %v", got.Header)
		}
	}
	v.open(t, token)
	code, body, header := v.get(t, "/play/index.m3u8")
	if code != http.StatusOK || body != "index.m3u8\n" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("the stream: %d %q %v", code, body, header)
	}
}

func TestUnknownMalformedExpiredAndDisabledLinksGetOneText(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	off, offToken := s.newLink(t, store.LinkOptions{})
	if _, err := s.store.DisableLink(ctx, off.ID, "test"); err != nil {
		t.Fatal(err)
	}
	_, expired := s.newLink(t, store.LinkOptions{TTL: time.Millisecond})
	deadline := time.Now().Add(testkit.Patience)
	for _, err := s.store.FindLink(ctx, expired); !errors.Is(err, store.ErrNotFound) && time.Now().Before(deadline); {
		_, err = s.store.FindLink(ctx, expired)
	}
	v := s.visitor(t)
	_, want, _ := v.get(t, "/w/"+strings.Repeat("A", 32))
	for _, path := range []string{"/w/" + offToken, "/live/stream/" + offToken, "/w/" + expired, "/w/x", "/w/%00", "/nothing", "/"} {
		code, body, header := v.get(t, path)
		if code != http.StatusNotFound || body != want || header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v\n%s", path, code, header, body)
		}
	}
	for what, cookie := range map[string]*http.Cookie{"no session": nil, "one that is none": {Name: cookieName, Value: "x", Path: "/play/"}} {
		v.cookie = cookie
		for _, path := range []string{"/play/index.m3u8", "/play/events", "/play/none.mp4"} {
			if code, body, header := v.get(t, path); code != http.StatusForbidden || body != "{\"state\":\"off\"}\n" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, %s: %d %q", what, path, code, body)
			}
		}
	}
}

func TestOddNamesDoNotExist(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	for _, path := range []string{
		"/play/", "/play/..", "/play/../healthz", "/play/%2e%2e/healthz", "/play/..%2fdb.sqlite", "/play/a/b.mp4", "/play//index.m3u8", "/play/./index.m3u8",
		"/play/index.m3u8/", "/play/db.sqlite", "/play/index.m3u8%00", "/play/r1_0.m4s.tmp", "/play/" + strings.Repeat("a", 4000) + ".mp4",
		"/static/", "/static/vendor/", "/static/../page.go", "/static/none.js", "//w/" + token,
	} {
		if code, body, _ := v.get(t, path); code != http.StatusNotFound {
			t.Errorf("%.60s: %d %.60q", path, code, body)
		}
	}
	code, _, header := v.get(t, "/static/style.css")
	if code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/css") {
		t.Errorf("a file of the page: %d %v", code, header)
	}
	if code, body, _ := v.get(t, "/static/style.css", "If-None-Match", header.Get("ETag")); code != http.StatusNotModified || body != "" {
		t.Errorf("the same file again: %d", code)
	}
	got, err := v.client.Post(s.URL+"/play/index.m3u8", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode == http.StatusOK {
		t.Error("a POST is answered like a GET")
	}
}

func TestALinkThatIsDisabledEndsWhateverIsOpenWithinASecond(t *testing.T) {
	s := newSite(t)
	l, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	type end struct {
		what, text string
		code       int
		at         time.Time
	}
	ends := make(chan end)
	paths := []string{"/play/endless.m4s", "/play/held.m3u8", "/play/events"}
	var begun sync.WaitGroup
	for _, path := range paths {
		begun.Add(1)
		go func() {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
			r.AddCookie(v.cookie)
			if path == "/play/held.m3u8" {
				begun.Done() // there is no answer yet
			}
			got, err := v.client.Do(r)
			if err != nil {
				ends <- end{what: path, text: err.Error(), at: time.Now()}
				return
			}
			defer got.Body.Close()
			first := make([]byte, 1)
			if _, err := io.ReadFull(got.Body, first); path != "/play/held.m3u8" && err == nil {
				begun.Done()
			}
			tail := bytes.NewBuffer(first)
			buffer, last := make([]byte, 32<<10), time.Now()
			for {
				n, err := got.Body.Read(buffer)
				if n > 0 {
					last = time.Now()
					tail.Write(buffer[:n])
					tail.Next(max(0, tail.Len()-200))
				}
				if err != nil {
					break
				}
			}
			ends <- end{path, tail.String(), got.StatusCode, last}
		}()
	}
	begun.Wait()
	began := time.Now()
	if _, err := s.store.DisableLink(t.Context(), l.ID, "another process"); err != nil {
		t.Fatal(err)
	}
	for range paths {
		select {
		case e := <-ends:
			took := e.at.Sub(began)
			t.Logf("link off → last byte of %s: %v", e.what, took)
			if took > 10*time.Second { // ten times what is promised: a guard
				t.Errorf("%s went on for %v", e.what, took)
			}
			if e.what == "/play/held.m3u8" && e.code != http.StatusForbidden || e.what != "/play/endless.m4s" && !strings.HasSuffix(e.text, "{\"state\":\"off\"}\n\n") && !strings.HasSuffix(e.text, "{\"state\":\"off\"}\n") {
				t.Errorf("%s ended with %d %q", e.what, e.code, e.text)
			}
		case <-time.After(testkit.Patience):
			t.Fatal("something is still open")
		}
	}
	if code, body, _ := v.get(t, "/play/index.m3u8"); code != http.StatusForbidden || body != "{\"state\":\"off\"}\n" {
		t.Errorf("afterwards: %d %q", code, body)
	}
}

// states reads a page's events.
func (v *visitor) states(t *testing.T) <-chan string {
	t.Helper()
	got := v.request(t, "/play/events")
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	return statesOf(got.Body)
}

func statesOf(events io.Reader) <-chan string {
	states := make(chan string, 16)
	go func() {
		defer close(states)
		lines := bufio.NewScanner(events)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), `data: {"state":"`); ok {
				states <- strings.TrimSuffix(data, `"}`)
			}
		}
	}()
	return states
}

// hears waits for the next state; "" is the end.
func hears(t *testing.T, states <-chan string, want string) {
	t.Helper()
	select {
	case got := <-states:
		if got != want {
			t.Fatalf("heard %q, expected %q", got, want)
		}
	case <-time.After(testkit.Patience):
		t.Fatalf("nothing was heard, expected %q", want)
	}
}

func TestPagesHearOfTheStreamsState(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	states := v.states(t)
	hears(t, states, "live")
	for _, state := range []media.State{media.Waiting, media.Live, media.Paused, media.Ended} {
		s.studio.set(state, nil)
		hears(t, states, string(state))
	}
	s.stop() // the service stops: no state is lost, and the page may come again
	hears(t, states, "")
}

func TestEventsOverHTTP2LastWhileThereIsNothingToTell(t *testing.T) {
	s := newSite(t)
	s.web.eventTime = 100 * time.Millisecond
	secure := httptest.NewUnstartedServer(s.web.Handler())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, secure.URL+"/play/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(v.cookie)
	got, err := secure.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.ProtoMajor != 2 {
		t.Fatal(got.Proto)
	}
	states := statesOf(got.Body)
	hears(t, states, "live")
	select { // nothing comes, and nothing ends
	case state := <-states:
		t.Fatalf("heard %q", state)
	case <-time.After(5 * s.web.eventTime):
	}
	s.studio.set(media.Paused, nil)
	hears(t, states, "paused")
}

func TestWhoIsOneTooManyWaitsForAPlace(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{MaxViewers: 1})
	one, two := s.visitor(t), s.visitor(t)
	one.open(t, token)
	two.open(t, token)
	leaving := one.request(t, "/play/events")
	waiting := two.states(t)
	hears(t, waiting, "full")
	if code, body, _ := two.get(t, "/play/index.m3u8"); code != http.StatusForbidden || body != "{\"state\":\"full\"}\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, _, _ := one.get(t, "/play/index.m3u8"); code != http.StatusOK {
		t.Errorf("who has the place gets %d", code)
	}
	leaving.Body.Close()
	one.client.CloseIdleConnections()
	hears(t, waiting, "live")
	if code, _, _ := one.get(t, "/play/index.m3u8"); code != http.StatusForbidden {
		t.Errorf("who has left gets %d", code)
	}
}

func TestGuessersAreSlowedDownAndNobodyElse(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	from := func(addr string) []string { return []string{"X-Forwarded-For", "1.2.3.4, " + addr} }
	for range wrongAtOnce {
		if code, _, _ := v.get(t, "/w/x", from("192.0.2.1")...); code != http.StatusNotFound {
			t.Fatalf("%d, too early", code)
		}
	}
	for _, path := range []string{"/w/x", "/w/" + token} {
		code, _, header := v.get(t, path, from("192.0.2.1")...)
		if code != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
			t.Errorf("%s after %d wrong ones: %d %v", path, wrongAtOnce, code, header)
		}
	}
	for _, other := range []string{"192.0.2.2", "2001:db8::1", "nonsense"} {
		if code, _, _ := v.get(t, "/w/"+token, from(other)...); code != http.StatusOK {
			t.Errorf("%s: %d", other, code)
		}
	}
}

func TestGuessersAreRememberedByNetworkAndNotForEver(t *testing.T) {
	g := newGuesses()
	for range wrongAtOnce {
		g.failed(netip.MustParseAddr("2001:db8::1"))
	}
	if g.allowed(netip.MustParseAddr("2001:db8::ffff")) || !g.allowed(netip.MustParseAddr("2001:db8:0:1::1")) || !g.allowed(netip.Addr{}) {
		t.Error("expected one guesser per /64")
	}
	for i := range maxAddrs + 10 {
		g.failed(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := len(g.addrs); n > maxAddrs {
		t.Errorf("%d are remembered", n)
	}
}

func TestOperatorsSeeWhetherAllIsWell(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	v.get(t, "/play/index.m3u8")
	v.get(t, "/w/wrong")
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		s.admin.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, _ := ask(path); code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		}
		if code, _, _ := v.get(t, path); code != http.StatusOK {
			t.Errorf("%s for everybody: %d", path, code)
		}
	}
	_, text := ask("/metrics")
	for _, line := range []string{
		"tempstream_live 1", `tempstream_viewers{link="1"} 1`, "tempstream_active_links 1", "tempstream_wrong_tokens_total 1",
		`tempstream_requests_total{route="GET /play/{name...}",status="200"} 1`, "go_goroutines ",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	if code, text := ask("/status"); code != http.StatusOK || !strings.Contains(text, `"state":"live"`) || !strings.Contains(text, `"ready":"yes"`) {
		t.Errorf("%d %s", code, text)
	}
	for _, path := range []string{"/metrics", "/status", "/mediamtx/auth"} {
		if code, _, _ := v.get(t, path); code != http.StatusNotFound {
			t.Errorf("%s is for everybody: %d", path, code)
		}
	}
	s.studio.set(media.Live, errors.New("the encoder burns"))
	deadline := time.Now().Add(testkit.Patience)
	for code := http.StatusOK; code != http.StatusServiceUnavailable; code, text = ask("/readyz") {
		if time.Now().After(deadline) {
			t.Fatal("it is still ready")
		}
	}
	if strings.Contains(text, "burns") || !strings.Contains(s.log.String(), "burns") {
		t.Errorf("strangers hear %q", text)
	}
	s.studio.set(media.Live, nil)
	s.store.Close()
	for code := http.StatusOK; code != http.StatusServiceUnavailable; code, _ = ask("/readyz") {
		if time.Now().After(deadline) {
			t.Fatal("it is ready without a database")
		}
	}
}

func TestNoSecretIsLogged(t *testing.T) {
	s := newSite(t)
	_, token := s.newLink(t, store.LinkOptions{})
	v := s.visitor(t)
	v.open(t, token)
	wrong := strings.Repeat("Planted5ecret", 2) + "AAAAAA"
	for _, path := range []string{"/live/stream/" + token, "/w/" + wrong, "/play/index.m3u8", "/other/" + token, "//w/" + token} {
		v.get(t, path)
	}
	text := s.log.String()
	for _, secret := range []string{token, v.cookie.Value, "Planted5ecret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, `"route":"GET /w/{token}"`) || !strings.Contains(text, "a link was opened") {
		t.Errorf("the log says too little:\n%s", text)
	}
}
