package media

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/leak"

	"gotgcall/examples/tempstream/internal/testkit"
)

const cdnSecret = "0123456789abcdef-Planted5ecret"

// fakeMTX keeps to MediaMTX's side of the contract, as far as tempstream relies on it: HLS with hlsCDNSecret, authMethod http, the API.
type fakeMTX struct {
	*httptest.Server
	ask string // authHTTPAddress

	mu      sync.Mutex // guards what follows
	source  string     // the connection that publishes
	queries map[string]string
	seen    []*http.Request // of HLS
	number  int
	newer   bool // it says available instead of ready
}

func newFakeMTX(t *testing.T) *fakeMTX {
	f := &fakeMTX{queries: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/paths/get/live/stream", f.path)
	mux.HandleFunc("GET /v3/rtmpconns/get/{id}", f.connection)
	mux.HandleFunc("POST /v3/rtmpconns/kick/{id}", f.kick)
	mux.HandleFunc("GET /live/stream/{name}", f.hls)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeMTX) path(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.source == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	ready := "ready"
	if f.newer {
		ready = "available"
	}
	fmt.Fprintf(w, `{"name":"live/stream","source":{"type":"rtmpConn","id":%q},%q:true}`, f.source, ready)
}

func (f *fakeMTX) connection(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	query, ok := f.queries[r.PathValue("id")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"query": query})
}

func (f *fakeMTX) kick(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.source != r.PathValue("id") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	f.source = ""
}

func (f *fakeMTX) hls(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen = append(f.seen, r)
	live := f.source != ""
	f.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "mediamtx", Value: "x"})
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "max-age=3600")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+cdnSecret && r.PathValue("name") == Index && r.URL.Query().Get("cookieCheck") == "":
		http.Redirect(w, r, "?cookieCheck=1", http.StatusFound)
	case r.Header.Get("Authorization") != "Bearer "+cdnSecret:
		w.WriteHeader(http.StatusUnauthorized)
	case !live:
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Query().Get("_HLS_msn") != "": // held open until there is more
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		fmt.Fprintln(w, "#EXTM3U")
	}
}

// publish is what MediaMTX does when somebody wants to; the answer is tempstream's.
func (f *fakeMTX) publish(t *testing.T, change map[string]string) (code int, why string) {
	t.Helper()
	f.mu.Lock()
	f.number++
	id := fmt.Sprintf("connection-%d", f.number)
	f.mu.Unlock()
	ask := map[string]string{"user": "anna", "password": "", "token": "", "ip": "192.0.2.1", "action": "publish", "path": "live/stream", "protocol": "rtmp", "id": id}
	for k, v := range change {
		ask[k] = v
	}
	body, _ := json.Marshal(ask)
	got, err := http.Post(f.ask, "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	if got.StatusCode == http.StatusOK {
		f.mu.Lock()
		f.source, f.queries[id] = id, url.Values{"user": {ask["user"]}, "pass": {ask["password"]}}.Encode()
		f.mu.Unlock()
	}
	return got.StatusCode, string(text)
}

// fakeKeys has one key an operator, until it is revoked.
type fakeKeys struct {
	mu      sync.Mutex // guards revoked
	revoked map[int64]bool
}

func (k *fakeKeys) Operator(_ context.Context, key string) (int64, string, bool, error) {
	id := map[string]int64{"key of anna": 1, "key of boris": 2}[key]
	ok, _ := k.Valid(context.Background(), id)
	return id, strings.TrimPrefix(key, "key of "), id != 0 && ok, nil
}

func (k *fakeKeys) Valid(_ context.Context, id int64) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.revoked[id], nil
}

func (k *fakeKeys) revoke(id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked[id] = true
}

// startMediaMTX runs a MediaMTX server of ours before a fake one of theirs.
func startMediaMTX(t *testing.T, keys Keys, fake *fakeMTX, secret string) (*MTX, *testkit.Buffer) {
	t.Helper()
	at, err := url.Parse(fake.URL)
	if err != nil {
		t.Fatal(err)
	}
	log, text := logged(t)
	m := NewMTX(MTXConfig{HLS: at, API: at, Path: "live/stream", Secret: secret, Keys: keys, Log: log})
	us := httptest.NewServer(http.HandlerFunc(m.Authorize))
	fake.ask = us.URL
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		us.Close()
		m.client.CloseIdleConnections()
		http.DefaultClient.CloseIdleConnections()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return m, text
}

func TestMediaMTXIsToldWhoMayPublishAndNobodyReads(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	m, log := startMediaMTX(t, &fakeKeys{revoked: map[int64]bool{}}, fake, cdnSecret)
	for why, ask := range map[string]map[string]string{
		"the stream key is missing":   {},
		"the stream key is wrong":     {"password": "Planted5ecret"},
		"no such path":                {"password": "key of anna", "path": "live/other"},
		"by RTMP alone":               {"password": "key of anna", "protocol": "webrtc"},
		"watched by links":            {"password": "key of anna", "action": "read", "protocol": "hls"},
		"links of tempstream alone":   {"password": "key of anna", "action": "playback"},
		"links of tempstream alone\n": {"password": "key of anna", "action": "api"},
	} {
		if code, got := fake.publish(t, ask); code != http.StatusUnauthorized || !strings.Contains(got, strings.TrimSpace(why)) {
			t.Errorf("%v: %d %q, expected %q", ask, code, got, why)
		}
	}
	if m.Status().State != Waiting {
		t.Errorf("%+v", m.Status())
	}
	if code, why := fake.publish(t, map[string]string{"password": "key of anna"}); code != http.StatusOK {
		t.Fatalf("%d %s", code, why)
	}
	testkit.Eventually(t, "the broadcast", func() bool { return m.Status().State == Live && m.Status().Publisher == "anna" })
	if text := log.String(); strings.Contains(text, "Planted5ecret") || strings.Contains(text, "key of anna") {
		t.Errorf("a secret is in the log:\n%s", text)
	}
}

func TestARevokedKeyCutsItsPublisher(t *testing.T) {
	leak.Check(t)
	fake, keys := newFakeMTX(t), &fakeKeys{revoked: map[int64]bool{}}
	fake.newer = true
	m, _ := startMediaMTX(t, keys, fake, cdnSecret)
	fake.publish(t, map[string]string{"password": "key of anna"})
	testkit.Eventually(t, "the broadcast", func() bool { return m.Status().State == Live })
	keys.revoke(2) // another's
	keys.revoke(1)
	testkit.Eventually(t, "the cut", func() bool { return m.Status().State == Waiting })
	if code, _ := fake.publish(t, map[string]string{"password": "key of anna"}); code != http.StatusUnauthorized {
		t.Errorf("let in again: %d", code)
	}
}

func TestAPublisherFromBeforeARestartIsKnownByItsQuery(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	keys := &fakeKeys{revoked: map[int64]bool{}}
	for _, c := range []struct {
		query string
		stays bool
	}{{"user=boris&pass=key+of+boris", true}, {"user=boris&pass=guess", false}, {"", false}} {
		fake.source, fake.queries["before"] = "before", c.query
		t.Run(c.query, func(t *testing.T) {
			m, _ := startMediaMTX(t, keys, fake, cdnSecret)
			if c.stays {
				testkit.Eventually(t, "the publisher", func() bool { return m.Status() == Status{Live, m.Status().Since, "boris"} })
				return
			}
			testkit.Eventually(t, "the cut", func() bool {
				fake.mu.Lock()
				defer fake.mu.Unlock()
				return fake.source == ""
			})
		})
	}
}

func TestViewersGetTheStreamAndNothingElseOfMediaMTX(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	m, _ := startMediaMTX(t, &fakeKeys{revoked: map[int64]bool{}}, fake, cdnSecret)
	if got := get(m, Index); got.Code != http.StatusNotFound {
		t.Errorf("without a broadcast: %d", got.Code)
	}
	fake.publish(t, map[string]string{"password": "key of anna"})
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/play/index.m3u8?_HLS_skip=YES&token=x", nil)
	r.Header.Set("Cookie", "tempstream=Planted5ecret")
	r.Header.Set("Authorization", "Basic x")
	m.ServeHLS(w, r, Index)
	if w.Code != http.StatusOK || w.Body.String() != "#EXTM3U\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	for _, name := range []string{"Set-Cookie", "Access-Control-Allow-Origin", "Cache-Control", "Date"} {
		if got := w.Header().Values(name); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	asked := fake.seen[len(fake.seen)-1]
	if asked.Header.Get("Cookie") != "" || asked.URL.RawQuery != "_HLS_skip=YES" || asked.Header.Get("X-Forwarded-For") != "" {
		t.Errorf("MediaMTX was told %s, %v", asked.URL.RawQuery, asked.Header)
	}
}

func TestARequestThatIsHeldOpenEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	m, _ := startMediaMTX(t, &fakeKeys{revoked: map[int64]bool{}}, fake, cdnSecret)
	fake.publish(t, map[string]string{"password": "key of anna"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = recover() }() // http.ErrAbortHandler
		m.ServeHLS(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/play/index.m3u8?_HLS_msn=7", nil), Index)
	}()
	testkit.Eventually(t, "the question", func() bool {
		fake.mu.Lock()
		defer fake.mu.Unlock()
		return len(fake.seen) > 0
	})
	cancel()
	select {
	case <-ended:
	case <-time.After(testkit.Patience):
		t.Error("it is still open")
	}
}

func TestAWrongSecretIsSaidInTheLogAndNotToViewers(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	m, log := startMediaMTX(t, &fakeKeys{revoked: map[int64]bool{}}, fake, "another-secret-0123")
	fake.publish(t, map[string]string{"password": "key of anna"})
	testkit.Eventually(t, "a verdict", func() bool { return m.Check(t.Context()) != nil })
	if m.Status().State == Live {
		t.Error("a stream that nobody can see is live")
	}
	for _, name := range []string{Index, "main_stream.m3u8"} {
		if got := get(m, name); got.Code != http.StatusBadGateway || got.Header().Get("Location") != "" || strings.Contains(got.Body.String(), "hlsCDNSecret") {
			t.Errorf("%s: %d %v %q", name, got.Code, got.Header(), got.Body)
		}
	}
	if text := log.String(); !strings.Contains(text, "MEDIAMTX_HLS_CDN_SECRET") || strings.Contains(text, "another-secret") {
		t.Errorf("log:\n%s", text)
	}
}

func TestAMediaMTXThatIsGoneIsNotWell(t *testing.T) {
	leak.Check(t)
	fake := newFakeMTX(t)
	m, log := startMediaMTX(t, &fakeKeys{revoked: map[int64]bool{}}, fake, cdnSecret)
	fake.publish(t, map[string]string{"password": "key of anna"})
	testkit.Eventually(t, "the broadcast", func() bool { return m.Status().State == Live && m.Check(t.Context()) == nil })
	fake.CloseClientConnections()
	fake.Listener.Close()
	testkit.Eventually(t, "the failure", func() bool { return m.Check(t.Context()) != nil && m.Status().State == Waiting })
	if err := m.Check(t.Context()); !strings.Contains(err.Error(), "MEDIAMTX_API_URL") || !strings.Contains(log.String(), "does not work") {
		t.Errorf("%v\n%s", err, log)
	}
}

func FuzzAuthorize(f *testing.F) {
	f.Add(`{"action":"publish","path":"live/stream","protocol":"rtmp","password":"key of anna","id":"1"}`)
	f.Add(`{"action":"read"}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, body string) {
		log, _ := logged(t)
		m := NewMTX(MTXConfig{Path: "live/stream", Secret: cdnSecret, Keys: &fakeKeys{}, Log: log})
		w := httptest.NewRecorder()
		m.Authorize(w, httptest.NewRequest(http.MethodPost, "/mediamtx/auth", strings.NewReader(body)))
		if w.Code == http.StatusOK && !strings.Contains(body, "key of anna") && !strings.Contains(body, `\`) {
			t.Errorf("%q is let in", body)
		}
	})
}
