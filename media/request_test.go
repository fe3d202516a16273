package media

import (
	"bufio"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestWhatAnHTTPRequestCannotCarryIsRefused(t *testing.T) {
	const secret = "Geheim77Geheim77"
	header := func(name, value string) EncodeOptions { return EncodeOptions{Headers: map[string]string{name: value}} }
	for name, c := range map[string]struct {
		options EncodeOptions
		parts   []string
	}{
		"header without a name":   {header("", secret), []string{"Headers", "empty name"}},
		"whole header as a name":  {header("Authorization: "+secret, ""), []string{"Headers", "':'", "byte 13"}},
		"name in two lines":       {header("X-A\r\n"+secret, ""), []string{"Headers", `'\r'`, "byte 3"}},
		"name with a NUL":         {header("X\x00", secret), []string{"Headers", "byte 1"}},
		"name beyond ASCII":       {header("X-ü", secret), []string{"Headers", "byte 2"}},
		"value with CR":           {header("X-A", "a\r"+secret), []string{"Headers has X-A", `'\r'`, "byte 1"}},
		"value with LF":           {header("X-A", secret+"\nX-B: 1"), []string{"Headers has X-A", `'\n'`, "byte 16"}},
		"value with NUL":          {header("X-A", secret+"\x00"), []string{"Headers has X-A", "byte 16"}},
		"range":                   {header("range", secret), []string{"Headers has range", "leave it out"}},
		"host":                    {header("Host", secret), []string{"Headers has Host"}},
		"two cases":               {EncodeOptions{Headers: map[string]string{"X-A": secret, "x-a": secret}}, []string{"Headers has x-a twice"}},
		"too many bytes":          {header("X-A", strings.Repeat(secret, 1024)), []string{"Headers has 16391 bytes", "16384"}},
		"cookies in two lines":    {EncodeOptions{Cookies: "a=1\nb=" + secret}, []string{"Cookies", `'\n'`, "byte 3"}},
		"cookie without value":    {EncodeOptions{Cookies: "a=1; " + secret}, []string{"Cookies", "part 2"}},
		"cookie without name":     {EncodeOptions{Cookies: "=" + secret}, []string{"Cookies", "part 1"}},
		"cookie with a bad name":  {EncodeOptions{Cookies: "a b=" + secret}, []string{"Cookies", "part 1"}},
		"too many cookies":        {EncodeOptions{Cookies: "a=" + strings.Repeat(secret, 1024)}, []string{"Cookies has 16386 bytes"}},
		"proxy without a scheme":  {EncodeOptions{Proxy: "user:" + secret + "@127.0.0.1:1"}, []string{"Proxy", "http://host:port"}},
		"proxy of SOCKS":          {EncodeOptions{Proxy: "socks5://user:" + secret + "@127.0.0.1:1"}, []string{"Proxy", `"socks5"`, "http://host:port"}},
		"proxy of HTTPS":          {EncodeOptions{Proxy: "https://user:" + secret + "@127.0.0.1:1"}, []string{"Proxy", `"https"`}},
		"proxy without a host":    {EncodeOptions{Proxy: "http://user:" + secret + "@"}, []string{"Proxy", "no host"}},
		"proxy with a bad port":   {EncodeOptions{Proxy: "http://user:" + secret + "@x:99999"}, []string{"Proxy", "99999", "65535"}},
		"proxy with a path":       {EncodeOptions{Proxy: "http://user:" + secret + "@x:1/path"}, []string{"Proxy", "more than a host"}},
		"proxy in two lines":      {EncodeOptions{Proxy: "http://user:" + secret + "@x:1\n"}, []string{"Proxy", `'\n'`}},
		"proxy with a bad escape": {EncodeOptions{Proxy: "http://user:" + secret + "%zz@x:1"}, []string{"Proxy", "well-formed"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t)
			for _, s := range []Source{FromURL("http://192.0.2.1/x", c.options), FromFile(song, c.options)} {
				_, err := s.Open(WithRunner(t.Context(), r.Runner))
				mustBe(t, err, models.ErrInvalidParams, append(c.parts, "EncodeOptions.")...)
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
			r.expectNone()
		})
	}
}

// asked is what a server was asked.
type asked struct {
	mu    sync.Mutex
	paths map[string][]http.Header // guarded by mu
}

func (a *asked) watch(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.paths[r.URL.Path] = append(a.paths[r.URL.Path], r.Header.Clone())
		a.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// TestCredentialsThatAServerRepeatsAreNotShown: it says them without what stands before them in the header.
func TestCredentialsThatAServerRepeatsAreNotShown(t *testing.T) {
	const secret = "Geheim77Geheim77"
	ctx := WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: stub(t, "echo 401 for "+secret+" and C"+secret+" >&2; exit 1")}))
	err := fails(t, ctx, FromURL("http://127.0.0.1:1/x.mp3", EncodeOptions{
		Headers: map[string]string{"Authorization": "Bearer " + secret}, Cookies: "id=C" + secret, Passthrough: PassthroughNever,
	}))
	mustBe(t, err, models.ErrFile, "401 for *** and ***")
}

func TestHeadersAndCookiesGoToThePlaylistAndItsPartsAndInNoLog(t *testing.T) {
	leak.Check(t)
	const secret = "Geheim77Geheim77"
	pages := hlsPages(t, "/list.m3u8")
	list := pages["/list.m3u8"]
	pages["/list.m3u8"] = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "from-the-server", Path: "/"})
		list(w, r)
	}
	pages["/"] = redirectPage("/list.m3u8")
	delete(pages, "/s/list1.ts") // ffmpeg complains, and goes on
	a := &asked{paths: map[string][]http.Header{}}
	s := httptest.NewServer(a.watch((&server{count: map[string]int{}}).handler(pages)))
	defer s.Close()
	records := &logBuffer{}
	ctx := WithRunner(t.Context(), loggingRunner(t, records))
	streams := open(t, ctx, FromURL(s.URL, EncodeOptions{
		Headers:   map[string]string{"Authorization": "Bearer " + secret, "X-Key": "X" + secret, "X-Short": "1"},
		UserAgent: "my-bot/1.0 (music)", Cookies: "id=C" + secret + "; theme=dark",
	}))
	_, err := listen(streams.Audio)
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the error shows the secret: %v", err)
	}
	if err := streams.Close(); err != nil {
		t.Error(err)
	}
	if text := records.String(); strings.Contains(text, secret) || !strings.Contains(text, "-headers") || !strings.Contains(text, "-cookies") {
		t.Errorf("the log:\n%s", text)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, path := range []string{"/", "/list.m3u8", "/s/list0.ts", "/s/list3.ts"} {
		if len(a.paths[path]) == 0 {
			t.Errorf("%s was not asked for, only %v", path, slices.Sorted(maps.Keys(a.paths)))
			continue
		}
		h := a.paths[path][0]
		for name, want := range map[string]string{"Authorization": "Bearer " + secret, "X-Key": "X" + secret, "X-Short": "1", "User-Agent": "my-bot/1.0 (music)"} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s was asked for with %s: %q", path, name, got)
			}
		}
		cookies := h.Get("Cookie")
		for _, want := range []string{"id=C" + secret, "theme=dark"} {
			if !strings.Contains(cookies, want) {
				t.Errorf("%s was asked for with the cookies %q", path, cookies)
			}
		}
		if part := strings.HasPrefix(path, "/s/"); part != strings.Contains(cookies, "session=from-the-server") {
			t.Errorf("%s was asked for with the cookies %q, after the playlist had set one", path, cookies)
		}
	}
}

func TestAHeaderWinsOverTheFieldOfItsName(t *testing.T) {
	a := &asked{paths: map[string][]http.Header{}}
	s := httptest.NewServer(a.watch(http.NotFoundHandler()))
	defer s.Close()
	fails(t, t.Context(), FromURL(s.URL+"/x", EncodeOptions{UserAgent: "one", Cookies: "a=1", Headers: map[string]string{"user-agent": "two", "cookie": "b=2"}}))
	h := a.paths["/x"][0]
	if got := append(h.Values("User-Agent"), h.Values("Cookie")...); !slices.Equal(got, []string{"two", "b=2"}) {
		t.Errorf("arrived: %q", got)
	}
}

func TestASourceIsReachedByItsProxy(t *testing.T) {
	leak.Check(t)
	t.Setenv("no_proxy", "")
	data := readFile(t, "../testdata/song.ogg")
	var mu sync.Mutex
	var urls, users []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Proxy-Authorization") == "" {
			w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		urls, users = append(urls, r.URL.String()), append(users, r.Header.Get("Proxy-Authorization"))
		bytesPage(data)(w, r)
	}))
	defer proxy.Close()
	const password = "Geheim77@Geheim77"
	records := &logBuffer{}
	ctx := WithRunner(t.Context(), loggingRunner(t, records))
	address := strings.Replace(proxy.URL, "http://", "http://user:Geheim77%40Geheim77@", 1)
	plays(t, ctx, FromURL("http://music.invalid/song.ogg", EncodeOptions{Proxy: address, Passthrough: PassthroughNever}), 5*time.Second)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))
	if len(urls) == 0 || !strings.HasPrefix(urls[0], "http://music.invalid") || users[0] != basic {
		t.Errorf("the proxy was asked for %q by %q", urls, users)
	}
	if text := records.String(); strings.Contains(text, "Geheim77") || !strings.Contains(text, "-http_proxy") {
		t.Errorf("the log:\n%s", text)
	}
}

func TestAFileIgnoresWhatBelongsToRequests(t *testing.T) {
	o := EncodeOptions{Headers: map[string]string{"X-A": "1"}, UserAgent: "x", Cookies: "a=1", Proxy: "http://192.0.2.1:1"}
	plays(t, t.Context(), FromFile("../testdata/song.ogg", o), 5*time.Second)
}

// FuzzRequestOptions expects that options which are let through cannot smuggle in anything.
func FuzzRequestOptions(f *testing.F) {
	f.Add("Authorization", "Bearer abc", "bot/1", "a=1; b=2", "http://user:pass@host:3128")
	f.Add("X-A", "a\r\nX-B: c", "a\nb", "a=1\nb=2; domain=x", "HTTP://[::1]:1/")
	f.Add("", "", "", ";;=", "http://a%0a@b")
	f.Fuzz(func(t *testing.T, name, value, agent, cookies, proxy string) {
		o := EncodeOptions{Headers: map[string]string{name: value}, UserAgent: agent, Cookies: cookies, Proxy: proxy}
		if o.Validate() != nil {
			return
		}
		flags := o.requestFlags()
		if len(flags)%2 != 0 {
			t.Fatalf("%q", flags)
		}
		for i := 0; i < len(flags); i += 2 {
			switch v := flags[i+1]; flags[i] {
			case "-headers":
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n" + v + "\r\n")))
				if err != nil && !strings.Contains(err.Error(), "malformed MIME header") || err == nil && len(r.Header) > 1 {
					t.Fatalf("%q: %v, %v", v, r, err)
				}
			case "-user_agent":
				if strings.ContainsAny(v, "\r\n\x00") {
					t.Fatalf("%q", v)
				}
			case "-cookies":
				n := len(cookiePairs(cookies))
				if strings.Count(v, "\n") != n-1 || strings.Count(v, ";") != n || strings.ContainsAny(v, "\r\x00") {
					t.Fatalf("%q", v)
				}
			case "-http_proxy":
				if proxyProblem(v) != "" || !strings.HasPrefix(v, "http://") {
					t.Fatalf("%q became %q", proxy, v)
				}
			default:
				t.Fatalf("%q", flags)
			}
		}
	})
}
