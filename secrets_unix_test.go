//go:build unix

package gotgcall_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// gossip is a Client with all its logs on, whose every output is kept, and the servers that its inputs lead to.
type gossip struct {
	t      *testing.T
	client *gotgcall.Client
	said   lockedBuffer
	chats  atomic.Int64

	web    string // host:port of a server that repeats in its answers what it was asked with
	tls    string // host:port of one whose certificate nobody knows
	closed string // host:port at which nobody listens
	deaf   string // host:port of a server that takes connections and ends them

	environment map[string]string // secrets in the environment, and where they stand
}

// policyError is an error of the program's own, which is handed back to it as it was.
type policyError struct{ error }

// say keeps outputs in every form in which a program may show them. Of an error also those that it wraps, which reporters of errors send along.
func (g *gossip) say(values ...any) {
	for _, v := range values {
		switch e := v.(type) {
		case policyError:
			continue
		case interface{ Unwrap() error }:
			g.say(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, wrapped := range e.Unwrap() {
				g.say(wrapped)
			}
		}
		fmt.Fprintf(&g.said, "%v\n%+v\n%#v\n", v, v, v)
		text, _ := json.Marshal(v) // not everything can be
		fmt.Fprintf(&g.said, "%s\n", text)
	}
}

// echo answers with what it was asked with, and refuses.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	what := r.RequestURI
	for _, name := range []string{"Authorization", "X-Key", "Cookie", "Proxy-Authorization"} {
		what += " " + r.Header.Get(name)
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 403 no %s\r\nX-Why: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", what, what)
}

func newGossip(t *testing.T) *gossip {
	t.Helper()
	leak.Check(t)
	g := &gossip{t: t}
	web := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(web.Close)
	locked := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	locked.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail, as they should
	locked.StartTLS()
	t.Cleanup(locked.Close)
	g.web, g.tls = web.Listener.Addr().String(), locked.Listener.Addr().String()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	g.deaf, g.closed = listener.Addr().String(), fmt.Sprintf("127.0.0.1:%d", freePort(t))

	g.pollute()
	options := append(everyLog(),
		gotgcall.WithLoopback(),
		gotgcall.WithPatience(hang, 0), // all that is planted begins at once, on a machine that may be busy
		gotgcall.WithLogger(slog.New(slog.NewTextHandler(&g.said, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))),
		gotgcall.WithURLPolicy(func(u *url.URL) error {
			if u.Hostname() == "refused.example" {
				return policyError{fmt.Errorf("nothing from %s, that is %s with %v", u.Hostname(), u, u.Query())}
			}
			return nil
		}))
	g.client, err = gotgcall.New(options...)
	must(t, err)
	t.Cleanup(func() { must(t, g.client.Close()) })
	g.client.OnStreamEnd(func(chat int64, kind gotgcall.StreamType, d gotgcall.Device, err error) { g.say(chat, kind, d, err) })
	g.client.OnConnectionChange(func(chat int64, n gotgcall.NetworkInfo) { g.say(chat, n) })
	g.client.OnUpgrade(func(chat int64, s gotgcall.MediaState) { g.say(chat, s) })
	g.client.OnTrackStart(func(chat int64, track gotgcall.PlaylistTrack) { g.say(chat, track) })
	g.client.OnTrackEnd(func(chat int64, track gotgcall.PlaylistTrack, err error) { g.say(chat, track, err) })
	return g
}

// pollute plants secrets in the environment: of the bot, and of proxies, which ffmpeg is told too. Requests to this machine take no proxy.
func (g *gossip) pollute() {
	g.environment = map[string]string{}
	for name, value := range map[string]string{
		"BOT_TOKEN": "123456:%s", "DATABASE_URL": "postgres://bob:%s@localhost/", "http_proxy": "http://bob:%s@" + g.web, "https_proxy": "http://bob:%s@" + g.closed,
	} {
		secret := "PlantedIn" + name
		g.environment[secret] = "the environment, " + name
		g.t.Setenv(name, fmt.Sprintf(value, secret))
	}
	g.t.Setenv("no_proxy", "127.0.0.1,localhost,refused.example,host")
}

// look asks for all that a call tells.
func (g *gossip) look(chat int64) gotgcall.CallStats {
	stats, err := g.client.Stats(chat)
	g.say(stats, err)
	diagnosis, err := g.client.Diagnose(chat)
	g.say(diagnosis, err)
	state, err := g.client.GetState(chat)
	g.say(state, err, g.client.Calls())
	return stats
}

// play plays a source in a call of its own, and looks at it.
func (g *gossip) play(source gotgcall.Source, opt ...gotgcall.EncodeOptions) {
	chat := g.chats.Add(1)
	_, err := g.client.CreateCall(chat)
	g.say(err, source)
	g.say(g.client.SetStreamSources(chat, source, opt...))
	g.look(chat)
	info, err := g.client.Probe(g.t.Context(), source)
	g.say(info, err, g.client.Stop(chat))
}

// broadcast begins a broadcast and waits for its first failure, if the URL is one.
func (g *gossip) broadcast(rtmpURL string) {
	chat := g.chats.Add(1)
	err := g.client.StartRTMP(chat, rtmpURL)
	g.say(err)
	if err != nil {
		return
	}
	g.say(g.client.SetStreamSources(chat, gotgcall.FromFile("testdata/song.mp3"), postcard))
	for deadline := time.Now().Add(hang); g.look(chat).Push.LastError == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			g.t.Errorf("%s: the attempt never failed", rtmpURL)
			break
		}
	}
	g.say(g.client.Stop(chat))
}

// connect connects a call, with an answer changed by f, and says which passwords were exchanged.
func (g *gossip) connect(f func(string) string) (passwords []string) {
	server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()), sfutest.WithAnswerText(f))
	must(g.t, err)
	defer server.Close()
	chat := g.chats.Add(1)
	params, err := g.client.CreateCall(chat)
	must(g.t, err)
	answer, err := server.Join(chat, params)
	must(g.t, err)
	for _, m := range regexp.MustCompile(`"pwd":"([^"]+)"`).FindAllStringSubmatch(params+answer, -1) {
		passwords = append(passwords, m[1])
	}
	g.say(g.client.Connect(chat, answer))
	g.look(chat)
	g.say(g.client.Stop(chat))
	return passwords
}

func TestNoSecretOfAnyInputIsInAnyOutput(t *testing.T) {
	if !apart(t) {
		return
	}
	g := newGossip(t)
	secrets := g.environment
	var planting sync.WaitGroup
	for i, p := range plants {
		secret := fmt.Sprintf("Planted%02dGeheim", i)
		secrets[secret] = p.input + ", " + p.name
		planting.Go(func() { p.plant(g, secret) })
	}
	planting.Wait()
	for i, f := range []func(string) string{func(s string) string { return s }, sfutest.TruncatedAnswer} {
		for j, password := range g.connect(f) {
			secrets[password] = fmt.Sprintf("ICE password %d of join %d", j, i)
		}
	}
	must(t, g.client.Close()) // now everything is said
	text := g.said.String()
	for secret, planted := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte("bob:" + secret))} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s: it is shown:\n%s", planted, text[max(0, at-300):min(len(text), at+100)])
			}
		}
	}
	for _, said := range []string{"program started", "program says", "remotePwd", "403 no", "refused by the URL policy"} {
		if !strings.Contains(text, said) {
			t.Errorf("%q is never said, so nothing is proven about it", said)
		}
	}
}

// textInputs are the inputs of the API that can carry a secret: functions and methods with a string, and fields with one.
func textInputs(t *testing.T) map[string]bool {
	t.Helper()
	receiver := regexp.MustCompile(`^\*?[A-Z]`)
	text := regexp.MustCompile(`\bstring\b|\burl\.URL\b|\bICEServer\b|\bSignaler\b`)
	found := map[string]bool{}
	for _, folder := range []string{".", "media"} {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		must(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			must(t, err)
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !f.Name.IsExported() || f.Recv != nil && !receiver.MatchString(types.ExprString(f.Recv.List[0].Type)) ||
					folder == "media" && !strings.HasPrefix(f.Name.Name, "From") {
					continue
				}
				if text.MatchString(types.ExprString(&ast.FuncType{Params: f.Type.Params})) {
					found[strings.TrimSuffix(f.Name.Name, "Context")] = true
				}
			}
		}
	}
	options := reflect.TypeFor[gotgcall.EncodeOptions]()
	for i := range options.NumField() {
		if f := options.Field(i); f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Map {
			found["EncodeOptions."+f.Name] = true
		}
	}
	return found
}

func TestEveryInputOfTextHasSecretsPlantedInIt(t *testing.T) {
	covered := map[string]bool{}
	for _, p := range plants {
		covered[p.input] = true
	}
	inputs := textInputs(t)
	if len(inputs) < 10 {
		t.Fatalf("only %v were found", inputs)
	}
	for input := range inputs {
		if !covered[input] && notSecret[input] == "" {
			t.Errorf("%s takes text: plant a secret in it, or say in notSecret why it may be shown", input)
		}
	}
	for input := range notSecret {
		if !inputs[input] {
			t.Errorf("notSecret has %s, which does not exist", input)
		}
	}
}
