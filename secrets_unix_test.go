//go:build unix

package gotgcall_test

import (
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
}

// say keeps outputs in every form in which a program may show them.
func (g *gossip) say(values ...any) {
	for _, v := range values {
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
	what := fmt.Sprint(r.RequestURI, " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Key"), " ", r.Header.Get("Cookie"), " ", r.Header.Get("Proxy-Authorization"))
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

	options := append(everyLog(),
		gotgcall.WithLoopback(),
		gotgcall.WithLogger(slog.New(slog.NewTextHandler(&g.said, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))),
		gotgcall.WithURLPolicy(func(u *url.URL) error {
			if u.Hostname() == "refused.example" {
				return fmt.Errorf("nothing from %s, that is %s with %v", u.Hostname(), u, u.Query())
			}
			return nil
		}))
	g.client, err = gotgcall.New(options...)
	must(t, err)
	t.Cleanup(func() { must(t, g.client.Close()) })
	g.client.OnStreamEnd(func(chat int64, kind gotgcall.StreamType, d gotgcall.Device, err error) { g.say(chat, kind, d, err) })
	g.client.OnConnectionChange(func(chat int64, n gotgcall.NetworkInfo) { g.say(chat, n) })
	g.client.OnUpgrade(func(chat int64, s gotgcall.MediaState) { g.say(chat, s) })
	g.client.OnTrackEnd(func(chat int64, track gotgcall.PlaylistTrack, err error) { g.say(chat, track, err) })
	return g
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
	g.say(err, fmt.Sprintf("%v %+v", source, source))
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

// plants are the ways in which a secret comes to the library, by the input that takes it: a function, an option, or a field.
var plants = []struct {
	input, name string
	plant       func(g *gossip, secret string)
}{
	{"FromURL", "password", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.web + "/x")) }},
	{"FromURL", "query", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x?token=" + s + "&b=1")) }},
	{"FromURL", "escaped query", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x?token=%2F" + s + "%21")) }},
	{"FromURL", "bot token", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://" + g.web + "/file/bot123456:" + s + "/song.mp3"))
	}},
	{"FromURL", "key in the path", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/" + s + "0123456789/x")) }},
	{"FromURL", "fragment", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x#" + s)) }},
	{"FromURL", "without a first request", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever}))
	}},
	{"FromURL", "film", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s), gotgcall.EncodeOptions{Tracks: gotgcall.TrackVideo})
	}},
	{"FromURL", "https", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("https://bob:" + s + "@" + g.tls + "/x?token=" + s))
	}},
	{"FromURL", "nobody there", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.closed + "/x?token=" + s))
	}},
	{"FromURL", "rtmp", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("rtmp://bob:" + s + "@" + g.closed + "/live/" + s + "?k=" + s))
	}},
	{"FromURL", "rtsp", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("rtsp://bob:" + s + "@" + g.closed + "/live?k=" + s))
	}},
	{"FromURL", "srt", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("srt://" + g.closed + "?passphrase=" + s + "&streamid=" + s + "&connect_timeout=300"))
	}},
	{"FromURL", "bad escape", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "%zz@" + g.web + "/x?" + s)) }},
	{"FromURL", "line break", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.web + "/x\n" + s)) }},
	{"FromURL", "no scheme", func(g *gossip, s string) { g.play(gotgcall.FromURL("bob:" + s + "@" + g.web + "/x?" + s)) }},
	{"FromURL", "another scheme", func(g *gossip, s string) { g.play(gotgcall.FromURL("gopher://bob:" + s + "@" + g.web + "/x?" + s)) }},
	{"FromURL", "bad port", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@host:99999/x?" + s)) }},
	{"WithURLPolicy", "refused", func(g *gossip, s string) {
		u := "refused.example/live/" + s + "?token=" + s
		g.play(gotgcall.FromURL("http://bob:" + s + "@refused.example/?token=" + s))
		g.say(g.client.StartRTMP(g.chats.Add(1), "rtmp://"+u))
	}},
	{"PublicHosts", "refused", func(g *gossip, s string) {
		for _, host := range []string{"127.0.0.1", "localhost", "2130706433"} {
			g.say(gotgcall.PublicHosts(&url.URL{Scheme: "http", User: url.UserPassword("bob", s), Host: host, Path: "/" + s, RawQuery: "k=" + s}))
		}
	}},
	{"EncodeOptions.Headers", "Authorization", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Headers: map[string]string{"Authorization": "Bearer " + s, "X-Key": s + "x"}}))
	}},
	{"EncodeOptions.Headers", "for ffmpeg alone", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x"), gotgcall.EncodeOptions{Headers: map[string]string{"X-Key": s}, Passthrough: gotgcall.PassthroughNever})
	}},
	{"EncodeOptions.Headers", "not a header", func(g *gossip, s string) {
		for name, value := range map[string]string{"X-Key": s + "\n", "Authorization: " + s: "", "X " + s: s} {
			g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Headers: map[string]string{name: value}}))
		}
	}},
	{"EncodeOptions.Cookies", "value", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Cookies: "session=" + s + "; theme=dark"}))
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Cookies: "session " + s}))
	}},
	{"EncodeOptions.Proxy", "password", func(g *gossip, s string) {
		for _, host := range []string{g.web, g.closed, "host:99999"} {
			g.play(gotgcall.FromURL("http://music.invalid/x", gotgcall.EncodeOptions{Proxy: "http://bob:" + s + "@" + host}))
		}
	}},
	{"FromShell", "arguments of ffmpeg", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("ffmpeg -headers 'Authorization: Bearer "+s+"' -i 'http://bob:"+s+"@"+g.web+"/x?token="+s+"'", gotgcall.TrackAudio))
	}},
	{"FromShell", "arguments of another program", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("sh -c 'echo cannot log in with $2 >&2; exit 3' sh --password "+s+" --token="+s, gotgcall.TrackAudio))
	}},
	{"FromShell", "what a program says", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("sh -c 'echo cannot open https://bob:"+s+"@host/?key="+s+" >&2; exit 3'", gotgcall.TrackAudio))
	}},
	{"FromShell", "no such program", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("no-such-program --password "+s, gotgcall.TrackAudio))
	}},
	{"FromShell", "not a command", func(g *gossip, s string) {
		for _, command := range []string{"ffmpeg -i 'http://bob:" + s + "@x", "ffmpeg -i http://x/?token=" + s + " | cat", "ffmpeg -headers 'Cookie: a=" + s + "' -i x -c:a aac pipe:1"} {
			g.play(gotgcall.FromShell(command, gotgcall.TrackAudio))
		}
	}},
	{"FromShells", "arguments", func(g *gossip, s string) {
		command := "sh -c 'echo $2 >&2; exit 3' sh --password " + s
		g.play(gotgcall.FromShells(command, command))
		g.play(gotgcall.FromShells("ffmpeg -i 'http://bob:"+s+"@x", ""))
	}},
	{"FromFile", "a URL in its place", func(g *gossip, s string) {
		g.play(gotgcall.FromFile("http://bob:" + s + "@" + g.web + "/x?token=" + s))
	}},
	{"FromURL", "in a list", func(g *gossip, s string) {
		g.play(gotgcall.NewPlaylist(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s), gotgcall.FromURL("rtmp://"+g.closed+"/"+s)))
	}},
	{"FromURL", "shared", func(g *gossip, s string) {
		g.play(gotgcall.Shared(gotgcall.FromURL("http://" + g.web + "/" + s + "0123456789?k=" + s)))
	}},
	{"StartRTMP", "stream key", func(g *gossip, s string) { g.broadcast("rtmp://" + g.closed + "/live/" + s) }},
	{"StartRTMP", "key of a path alone", func(g *gossip, s string) { g.broadcast("rtmp://" + g.deaf + "/" + s) }},
	{"StartRTMP", "password and query", func(g *gossip, s string) { g.broadcast("rtmp://bob:" + s + "@" + g.deaf + "/live/x?auth=" + s) }},
	{"StartRTMP", "rtmps", func(g *gossip, s string) { g.broadcast("rtmps://" + g.tls + "/live/" + s) }},
	{"StartRTMP", "not a URL", func(g *gossip, s string) {
		for _, u := range []string{"rtmp://x:99999/live/" + s, "rtmp://x/live/" + s + "\n", "http://x/live/" + s, s, "rtmp://bob:" + s + "@/x", "rtmp://bob:" + s + "%zz@x/live/" + s} {
			g.broadcast(u)
		}
	}},
	{"Connect", "stream key of an answer", func(g *gossip, s string) {
		for _, answer := range []string{`{"rtmp":true,"rtmp_stream_url":"rtmp://x/` + s + `","rtmp_stream_key":"` + s + `"}`, `{"transport":{"pwd":"` + s + `"}}`, s, `"` + s, `{"` + s} {
			g.connect(func(string) string { return answer })
		}
	}},
	{"New", "password of an ICE server", func(g *gossip, s string) {
		for _, u := range []string{"turn:bob:" + s + "@host", s + "@host", "turn:host:99999?" + s, "turn:host?transport=" + s} {
			_, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithICEServers([]gotgcall.ICEServer{{URLs: []string{u}, Username: "bob", Credential: s}}))
			g.say(err)
		}
	}},
}

// notSecret are inputs of text that are shown, and why they may be.
var notSecret = map[string]string{
	"WithFFmpegPath":            "a path",
	"EncodeOptions.AudioFilter": "a filter of the program's own",
	"EncodeOptions.VideoFilter": "a filter of the program's own",
	"EncodeOptions.UserAgent":   "the name of a program",
	"WithICEServers":            "what is wrong with it is said by New; a right one is a test of its own, with a TURN server",
	"Play":                      "the Signaler's answer is taken as by Connect",
}

func TestNoSecretOfAnyInputIsInAnyOutput(t *testing.T) {
	g := newGossip(t)
	secrets := map[string]string{}
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
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s: it is shown:\n%s", planted, text[max(0, at-300):min(len(text), at+100)])
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
