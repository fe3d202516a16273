package media

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

// required are the options of a source that no ffmpeg plays.
var required = EncodeOptions{Passthrough: PassthroughRequired}

// partsPage serves ranges, says that it is something else, and counts what it sends.
func partsPage(data []byte, sent *atomic.Int64) page {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		http.ServeContent(&countedWriter{w, sent}, r, "page.html", time.Time{}, bytes.NewReader(data))
	}
}

type countedWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w *countedWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.n.Add(int64(n))
	return n, err
}

// remoteFiles are files large enough that their beginning is not all.
func remoteFiles(t *testing.T) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	for _, name := range []string{"song.ogg", "song.webm"} {
		list[name] = readFile(t, encode(t, name, "-i", song, "-c:a", "libopus", "-b:a", "510k", "-vbr", "off"))
	}
	return list
}

func TestOpusOverHTTPIsAskedForOnceAndSentAsItIs(t *testing.T) {
	leak.Check(t)
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	for name, data := range remoteFiles(t) {
		want := packetsOf(t, open(t, ctx, FromFile(written(t, name, data))).Audio)
		var sent atomic.Int64
		for form, answer := range map[string]page{
			"in parts": partsPage(data, &sent), "not in parts": bytesPage(data), "broken off": breakingPage(data, 300_000, true),
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				leak.Check(t)
				s := serve(t, map[string]page{"/x.html": answer})
				streams := open(t, ctx, FromURL(s.URL+"/x.html"))
				samePackets(t, packetsOf(t, streams.Audio), want)
				if n := s.requests(""); form != "broken off" && n != 1 || n > 40 { // what a reset takes away is asked for again
					t.Errorf("%d requests", n)
				}
				if err := streams.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	r.expectNone()
}

func TestOpusOverHTTPIsSoughtIn(t *testing.T) {
	leak.Check(t)
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	for name, data := range remoteFiles(t) {
		path := written(t, name, data)
		var sent atomic.Int64
		for form, answer := range map[string]page{"in parts": partsPage(data, &sent), "not in parts": bytesPage(data)} {
			for _, at := range []time.Duration{5 * time.Millisecond, 7 * time.Second, 19900 * time.Millisecond, time.Hour} {
				t.Run(fmt.Sprint(name, " ", form, " from ", at), func(t *testing.T) {
					leak.Check(t)
					sent.Store(0)
					s := serve(t, map[string]page{"/x": answer})
					local, remote := openAt(t, ctx, FromFile(path), at), openAt(t, ctx, FromURL(s.URL+"/x"), at)
					want, got := packetsOf(t, local.Audio), packetsOf(t, remote.Audio)
					if len(want) > 0 || len(got) > 0 {
						samePackets(t, got, want)
					}
					l, _ := TimelineOf(local)
					if m, _ := TimelineOf(remote); (m.Begin - l.Begin).Abs() > time.Millisecond {
						t.Errorf("it begins at %v, a file at %v", m.Begin, l.Begin)
					}
					if n := s.requests(""); n > 9 || form == "not in parts" && n != 1 {
						t.Errorf("%d requests", n)
					}
					if rest := int64(len(data)) - int64(float64(len(data))*at.Seconds()/20); form == "in parts" && sent.Load() > max(0, rest)+600_000 {
						t.Errorf("%d bytes were sent, of the rest of %d", sent.Load(), rest)
					}
				})
			}
		}
	}
	r.expectNone()
}

func TestAServerThatGivesPartsWithoutTellingOfHowMuchIsHeardToTheEnd(t *testing.T) {
	leak.Check(t)
	data := readFile(t, song)
	s := serve(t, map[string]page{"/x": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/*", len(data)-1)) // RFC 9110 section 14.4
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(data)
	}})
	plays(t, t.Context(), FromURL(s.URL+"/x"), songLength)
	got, err := listen(openAt(t, t.Context(), FromURL(s.URL+"/x"), 15*time.Second).Audio)
	if err != nil || (got-5*time.Second).Abs() > tolerance {
		t.Errorf("from 15 s it played %v, %v", got, err)
	}
}

func TestWhatIsNoFileOfOpusOverHTTPGoesToFFmpeg(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	huge := func(total string) page {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/"+total)
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(data[:10])
		}
	}
	loop := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop?"+r.URL.RawQuery+"x", http.StatusFound)
	}
	s := serve(t, map[string]page{
		"/radio": chunkedPage(data), "/old": closingPage(data), "/song.mp3": bytesPage(readFile(t, song)), "/gone": statusPage(404), "/loop": loop,
		"/elsewhere": redirectPage("file:///etc/passwd"), "/nothing": bytesPage(nil), "/unknown": huge("*"), "/negative": huge("-5"),
		"/lie": huge("9223372036854775807"), "/more": huge("9223372036854775808"),
		"/packed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			bytesPage(data)(w, nil)
		},
	})
	for path, c := range map[string]struct {
		want  error // with PassthroughRequired
		says  string
		plays time.Duration
	}{
		"/radio":     {models.ErrPassthrough, "does not tell its length", 5 * time.Second},
		"/old":       {models.ErrPassthrough, "does not tell its length", 5 * time.Second},
		"/song.mp3":  {models.ErrPassthrough, "neither Ogg nor WebM", songLength},
		"/gone":      {models.ErrFile, "Not Found", 0},
		"/loop":      {models.ErrFile, "more than 10 redirections", 0},
		"/elsewhere": {models.ErrFile, "redirection to the scheme", 0},
		"/nothing":   {models.ErrPassthrough, "ends inside its headers", 0},
		"/unknown":   {models.ErrPassthrough, "does not tell its length", 0},
		"/negative":  {models.ErrPassthrough, "does not tell its length", 0},
		"/more":      {models.ErrPassthrough, "does not tell its length", 0},
		"/lie":       {models.ErrPassthrough, "ends inside its headers", 0},
		"/packed":    {models.ErrPassthrough, "encodes it", 0},
	} {
		t.Run(path, func(t *testing.T) {
			r := counting(t)
			ctx := WithRunner(t.Context(), r.Runner)
			_, err := FromURL(s.URL+path+"?key=Geheim7777", required).Open(ctx)
			mustBe(t, err, c.want, c.says, path)
			if strings.Contains(err.Error(), "Geheim") {
				t.Errorf("it shows a secret: %v", err)
			}
			r.expectNone()
			if n := s.requests("/loop"); path == "/loop" && n != 1+maxRedirections {
				t.Errorf("%d requests", n)
			}
			switch {
			case slices.Contains([]string{"/packed", "/negative", "/more", "/lie"}, path): // ffmpeg makes nothing of it, for a long time
				return
			case c.plays > 0:
				plays(t, ctx, FromURL(s.URL+path), c.plays)
			default:
				mustBe(t, fails(t, ctx, FromURL(s.URL+path)), models.ErrFile)
			}
			if n := r.records.starts.Load(); n != 1 {
				t.Errorf("%d starts", n)
			}
		})
	}
}

func TestADownloadOfOpusThatBreaksOffForGoodEndsWithErrFile(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	s := serve(t, map[string]page{"/x": breakingPage(data, 30_000, false)})
	d := Packets(open(t, t.Context(), FromURL(s.URL+"/x?key=Geheim7777", required)).Audio)
	var err error
	n := 0
	for ; err == nil; n++ {
		_, err = d.Next()
	}
	mustBe(t, err, models.ErrFile, "broke off before its end", "/x")
	if n < 50 || strings.Contains(err.Error(), "Geheim") || s.requests("") != 1 {
		t.Errorf("%d packets, %d requests, then %v", n, s.requests(""), err)
	}
}

func TestADownloadIsNotTakenUpWithAnotherFile(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	var asked []string
	s := serve(t, map[string]page{"/x": func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-Range"))
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint("version ", len(asked))))
		if len(asked) > 1 {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data)) // If-Range names another version: the whole file
			return
		}
		breakingPage(data, 30_000, true)(w, r)
	}})
	d := Packets(open(t, t.Context(), FromURL(s.URL+"/x", required)).Audio)
	var err error
	for err == nil {
		_, err = d.Next()
	}
	mustBe(t, err, models.ErrFile, "broke off")
	if len(asked) != 1+len(resumeDelays) || asked[0] != "" || asked[1] != `"version 1"` {
		t.Errorf("asked with %q", asked)
	}
}

func TestRequestsForOpusCarryWhatIsAskedForAndLeaveSecretsWhereTheyBelong(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	var mu sync.Mutex
	seen := map[string]http.Header{}
	note := func(then page) page {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[r.URL.Path] = r.Header.Clone()
			mu.Unlock()
			then(w, r)
		}
	}
	var s *server
	s = serve(t, map[string]page{
		"/a": note(func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "set", Value: "2"})
			http.Redirect(w, r, "/b?token=Geheim7777", http.StatusFound)
		}),
		"/b": note(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/c", http.StatusFound)
		}),
		"/c": note(bytesPage(data)),
	})
	o := required
	o.Headers, o.UserAgent, o.Cookies = map[string]string{"Authorization": "Bearer abcdef", "X-Own": "1"}, "me", "own=1"
	plays(t, t.Context(), FromURL(s.URL+"/a", o), 5*time.Second)
	a, b, c := seen["/a"], seen["/b"], seen["/c"]
	if a.Get("Authorization") != "Bearer abcdef" || a.Get("X-Own") != "1" || a.Get("User-Agent") != "me" || a.Get("Cookie") != "own=1" || a.Get("Range") != "bytes=0-" {
		t.Errorf("the first request: %v", a)
	}
	if b.Get("Authorization") == "" || !strings.Contains(b.Get("Cookie"), "own=1") || !strings.Contains(b.Get("Cookie"), "set=2") {
		t.Errorf("the second request, to the same host: %v", b)
	}
	if c == nil || c.Get("Authorization") != "" || c.Get("Cookie") != "" || c.Get("Referer") != "" || c.Get("X-Own") != "1" {
		t.Errorf("the third request, to another host: %v", c)
	}
	plays(t, t.Context(), FromURL(s.URL+"/c", EncodeOptions{Headers: map[string]string{"user-agent": "two", "cookie": "b=2"}, UserAgent: "one", Cookies: "a=1"}.Merge(required)), 5*time.Second)
	if h := seen["/c"]; h.Get("User-Agent") != "two" || h.Get("Cookie") != "b=2" {
		t.Errorf("headers do not win: %v", h)
	}
}

func TestThePolicySeesTheRedirectionsOfOpus(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	s := serve(t, map[string]page{"/a": redirectPage("/b?key=Geheim7777"), "/b": bytesPage(data)})
	var seen []string
	refusal := errors.New("not there")
	policy := func(u *url.URL) error {
		if seen = append(seen, u.Path+u.RawQuery); u.Path == "/b" {
			return refusal
		}
		return nil
	}
	r := counting(t)
	_, err := FromURL(s.URL + "/a").Open(WithURLPolicy(WithRunner(t.Context(), r.Runner), policy))
	mustBe(t, err, models.ErrInvalidParams, "URL policy", "not there", "/a")
	if !errors.Is(err, refusal) || strings.Contains(err.Error(), "Geheim") || fmt.Sprint(seen) != "[/a /bkey=Geheim7777]" || s.requests("/b") != 0 {
		t.Errorf("it saw %q; %v", seen, err)
	}
	r.expectNone()
}

func TestOpusIsReachedByItsProxy(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String() + " " + r.Header.Get("Proxy-Authorization"))
		bytesPage(data)(w, r)
	}))
	defer proxy.Close()
	t.Setenv("no_proxy", "example.com, .music.test *.other.test")
	t.Setenv("http_proxy", proxy.URL)
	plays(t, t.Context(), FromURL("http://music.invalid/a", required), 5*time.Second)
	if asked.Load() != "http://music.invalid/a " {
		t.Errorf("by the environment, the proxy was asked for %q", asked.Load())
	}
	t.Setenv("http_proxy", "http://192.0.2.1:1")
	o := required
	o.Proxy = strings.Replace(proxy.URL, "://", "://user:word@", 1)
	plays(t, t.Context(), FromURL("http://music.invalid/b", o), 5*time.Second)
	if want := "http://music.invalid/b Basic " + base64.StdEncoding.EncodeToString([]byte("user:word")); asked.Load() != want {
		t.Errorf("by the options, the proxy was asked for %q", asked.Load())
	}
	for host, want := range map[string]bool{
		"example.com": false, "www.Example.com": false, "anexample.com": true, "music.test": false, "a.music.test": false, "other.test": false, "x.other.test": false,
	} {
		u, err := proxyOf(proxy.URL)(&http.Request{URL: &url.URL{Scheme: "https", Host: host + ":443"}})
		if err != nil || (u != nil) != want {
			t.Errorf("%s: the proxy %v, %v", host, u, err)
		}
	}
	t.Setenv("no_proxy", "*")
	if u, _ := proxyOf(proxy.URL)(&http.Request{URL: &url.URL{Host: "x"}}); u != nil {
		t.Errorf("with no_proxy=* the proxy is %v", u)
	}
}

func TestAServerThatNeverAnswersIsLeftWithTheContextOfOpen(t *testing.T) {
	leak.Check(t)
	asked := make(chan struct{})
	s := serve(t, map[string]page{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}})
	cause := errors.New("enough")
	ctx, cancel := contextWithCause(t, cause)
	go func() {
		<-asked
		cancel()
	}()
	if _, err := FromURL(s.URL + "/hang").Open(ctx); !errors.Is(err, cause) {
		t.Errorf("Open returned %v", err)
	}
}

// deafServer is a server that takes requests and does not answer them.
type deafServer struct{}

func (deafServer) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newHTTPFile(t.Context(), "it", "http://192.0.2.1/x", EncodeOptions{}, nil)
		f.client.Transport = deafServer{}
		began := time.Now()
		_, err := f.ask(false)
		if !errors.Is(err, errSilent) || time.Since(began) != httpPatience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		p := &passage{subject: "it"}
		mustBe(t, p.refused(t.Context(), err), models.ErrFile, "does not answer")
		_ = f.end()
	})
}

// mute is an answer of which nothing comes.
type mute struct{ ctx context.Context }

func (h mute) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func (mute) Close() error { return nil }

func TestAnAnswerOfWhichNothingComesIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		watch := time.AfterFunc(httpPatience, func() { cancel(errSilent) })
		watch.Stop()
		body := &watchedBody{ReadCloser: mute{ctx}, ctx: ctx, cancel: cancel, watch: watch}
		time.Sleep(time.Hour) // nobody reads
		began := time.Now()
		if _, err := body.Read(make([]byte, 1)); !errors.Is(err, errSilent) || time.Since(began) != httpPatience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		p := &passage{subject: "it"}
		mustBe(t, p.refused(t.Context(), fmt.Errorf("x: %w", errSilent)), models.ErrFile, "does not answer")
		_ = body.Close()
	})
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-9/10", "bytes 5-/7", "bytes */5", "bytes 0-1/*", "", "bytes 9-1/9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, size, ok := contentRange(&http.Response{Header: http.Header{"Content-Range": {s}}})
		if ok && (first < 0 || size <= first) {
			t.Errorf("%q: %d of %d", s, first, size)
		}
	})
}
