package main

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

const host = "127.0.0.1:8350"

// testServer is a server without a listener.
func testServer(t *testing.T) *server {
	t.Helper()
	p := newPages()
	b, err := newBot(settings{folder: t.TempDir(), first: []choice{{Kind: kindBundled}}}, p.tell)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return &server{bot: b, pages: p, token: "abcdefgh", host: host, out: &bytes.Buffer{}}
}

// ask is a request, changed by f before it is sent.
func (s *server) ask(method, path, body string, f func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+host+path, strings.NewReader(body))
	if f != nil {
		f(r)
	}
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	return w
}

func TestNobodyGetsAnythingWithoutTheToken(t *testing.T) {
	s := testServer(t)
	for _, path := range []string{"/", "/index.html", "/abcdefg/", "/abcdefghi/", "/ABCDEFGH/", "/abcdefgh", "//", "/x/abcdefgh/", "/events", "/do"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if w := s.ask(method, path, "{}", nil); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "gotgcall") {
				t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
	}
}

func TestOtherHostsAndOriginsGetNothing(t *testing.T) {
	s := testServer(t)
	for what, f := range map[string]func(*http.Request){
		"another name for this machine": func(r *http.Request) { r.Host = "evil.example:8350" },
		"another port":                  func(r *http.Request) { r.Host = "127.0.0.1:80" },
		"another page":                  func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another page without TLS":      func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"a page from a file":            func(r *http.Request) { r.Header.Set("Origin", "null") },
		"the host with TLS":             func(r *http.Request) { r.Header.Set("Origin", "https://"+host) },
	} {
		if w := s.ask(http.MethodGet, "/abcdefgh/", "", f); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	own := func(r *http.Request) { r.Header.Set("Origin", "http://"+host) }
	if w := s.ask(http.MethodGet, "/abcdefgh/", "", own); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "gotgcall preview") {
		t.Errorf("the page itself: %d %s", w.Code, w.Body)
	}
}

func TestNoPathLeadsOutOfThePage(t *testing.T) {
	s := testServer(t)
	for _, path := range []string{"/../main.go", "/%2e%2e/main.go", "/..%2fmain.go", "/vendor/../../main.go", "/..%5cmain.go", "/main.go"} {
		if w := s.ask(http.MethodGet, "/abcdefgh"+path, "", nil); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "package main") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestThePageMayOnlyUseWhatComesFromHere(t *testing.T) {
	s := testServer(t)
	w := s.ask(http.MethodGet, "/abcdefgh/", "", nil)
	csp := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("no %q in %q", part, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", w.Header())
	}
	// What the policy would forbid does not stand in the page either; and none of its files names another host to load from.
	inline := regexp.MustCompile(`<script>|<style|\bstyle=|\bon[a-z]+=|javascript:`)
	if found := inline.FindString(w.Body.String()); found != "" {
		t.Errorf("the page has %q", found)
	}
	loads := regexp.MustCompile(`(?:src|href|import|from|url\(|fetch\()\s*[=(]?\s*['"]?(?:https?:)?//[a-z]`)
	err := fs.WalkDir(pageFiles, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := pageFiles.ReadFile(name)
		if found := loads.Find(text); found != nil {
			t.Errorf("%s loads %q", name, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheVendoredLibraryHasItsLicence(t *testing.T) {
	text, err := pageFiles.ReadFile("page/vendor/uplot/LICENSE")
	if err != nil || !strings.Contains(string(text), "MIT License") {
		t.Errorf("%v: %s", err, text)
	}
}

// enterPage makes the test the current page, and returns what a request of it needs.
func enterPage(t *testing.T, s *server) (*session, func(*http.Request)) {
	t.Helper()
	me, err := s.pages.enter(t.Context(), func() {}, farewell)
	if err != nil {
		t.Fatal(err)
	}
	return me, func(r *http.Request) { r.Header.Set(sessionHeader, me.id) }
}

func TestOnlyTheCurrentPageMayAskForAnything(t *testing.T) {
	s := testServer(t)
	for _, path := range []string{"/abcdefgh/do", "/abcdefgh/join", "/abcdefgh/answer"} {
		if w := s.ask(http.MethodPost, path, `{"do":"mute"}`, nil); !strings.Contains(w.Body.String(), errOtherPage.Error()) {
			t.Errorf("%s without a page: %s", path, w.Body)
		}
	}
	_, mine := enterPage(t, s)
	if w := s.ask(http.MethodPost, "/abcdefgh/do", `{"do":"mute"}`, nil); !strings.Contains(w.Body.String(), errOtherPage.Error()) {
		t.Errorf("of another page: %s", w.Body)
	}
	if w := s.ask(http.MethodPost, "/abcdefgh/do", `{"do":"stop"}`, mine); strings.TrimSpace(w.Body.String()) != "{}" {
		t.Errorf("of the current one: %s", w.Body)
	}
}

func TestWhatCannotBeDoneIsToldInWords(t *testing.T) {
	s := testServer(t)
	_, mine := enterPage(t, s)
	for _, c := range []struct{ path, body, says string }{
		{"do", "", "not the JSON"},
		{"do", `{"do":"format"}`, `no command \"format\"; the commands are broadcast, mute, next`},
		{"do", `{"do":"mute"}`, "the chat has no call"},
		{"do", `{"do":"play","source":{"kind":"file","name":"../x.mp3"}}`, "no name in the folder"},
		{"do", `{"do":"play","source":{"kind":"given","name":"/etc/passwd"}}`, "from the command line only"},
		{"do", `{"do":"play","source":{"kind":"tape"}}`, `kind \"tape\", expected file, url, command or bundled`},
		{"do", `{"do":"broadcast"}`, "play what is to be broadcast first"},
		{"do", `{"do":"` + strings.Repeat("x", maxRequest) + `"}`, "too large"},
		{"answer", `{"sdp":"v=0"}`, "lacks a=ice-ufrag"},
		{"answer", `[`, "not the JSON"},
	} {
		w := s.ask(http.MethodPost, "/abcdefgh/"+c.path, c.body, mine)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %.60s: %d %.300s; expected words about %q", c.path, c.body, w.Code, w.Body, c.says)
		}
	}
	if calls := s.bot.client.Calls(); len(calls) != 0 {
		t.Errorf("a refused join has left %v", calls)
	}
}

func TestATakenPortMakesWayForTheNextFreeOneAndThatIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	var out bytes.Buffer
	got, err := listen(port, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	at := got.Addr().(*net.TCPAddr)
	if at.Port <= port || !at.IP.IsLoopback() || !strings.Contains(out.String(), "is taken; this is port") {
		t.Errorf("%v, %q", at, out.String())
	}
	if _, err := listen(lastPort+1, &out); err == nil || !strings.Contains(err.Error(), "-port") {
		t.Errorf("no port at all: %v", err)
	}
}

func TestASecondPageIsKeptOutUntilTheFirstHasLeft(t *testing.T) {
	p := newPages()
	first, err := p.enter(t.Context(), func() {}, farewell)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.enter(t.Context(), func() {}, 0); err != errOtherPage {
		t.Fatalf("a second page: %v", err)
	}
	p.leave()
	second, err := p.enter(t.Context(), func() {}, farewell)
	if err != nil || second.id == first.id || !p.is(second.id) || p.is(first.id) {
		t.Errorf("%v, %v, %v", first, second, err)
	}
}

func TestAPageThatDoesNotReadIsClosed(t *testing.T) {
	p := newPages()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := p.enter(ctx, cancel, farewell); err != nil {
		t.Fatal(err)
	}
	for range maxWaiting {
		p.tell(event{"type": "log"})
	}
	if ctx.Err() != nil {
		t.Fatal("closed too early")
	}
	p.tell(event{"type": "log"})
	if ctx.Err() == nil {
		t.Error("it was not closed")
	}
}
