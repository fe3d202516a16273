package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/internal/leak"
)

// listener is a page without a browser.
type listener struct {
	t       *testing.T
	base    string
	session string
	events  *bufio.Scanner
	pc      *webrtc.PeerConnection
	packets chan uint8 // payload types
}

// openPage opens the stream of events and waits for the greeting.
func openPage(t *testing.T, ctx context.Context, client *http.Client, base string) *listener {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	l := &listener{t: t, base: base, events: bufio.NewScanner(response.Body), packets: make(chan uint8, 1)}
	l.events.Buffer(nil, 1<<20)
	l.session, _ = l.next("hello")["session"].(string)
	return l
}

// next returns the next event of a type.
func (l *listener) next(kind string) event {
	l.t.Helper()
	for l.events.Scan() {
		data, ok := strings.CutPrefix(l.events.Text(), "data: ")
		if !ok {
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			l.t.Fatalf("%v: %s", err, data)
		}
		if e["type"] == kind {
			return e
		}
		if e["type"] == "error" {
			l.t.Errorf("the page is told %v", e["text"])
		}
	}
	l.t.Fatalf("no event %q: %v", kind, l.events.Err())
	return nil
}

// post is what bot.js does.
func (l *listener) post(client *http.Client, path string, body, into any) {
	l.t.Helper()
	data, _ := json.Marshal(body)
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.base+path, bytes.NewReader(data))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set(sessionHeader, l.session)
	response, err := client.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		l.t.Fatal(err)
	}
}

// join plays the server as page/peer.js does, with pion in the browser's place.
func (l *listener) join(client *http.Client) {
	l.t.Helper()
	engine := &webrtc.MediaEngine{}
	for kind, codec := range map[webrtc.RTPCodecType]webrtc.RTPCodecParameters{
		webrtc.RTPCodecTypeAudio: {PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}},
		webrtc.RTPCodecTypeVideo: {PayloadType: 100, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}},
	} {
		if err := engine.RegisterCodec(codec, kind); err != nil {
			l.t.Fatal(err)
		}
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.pc = pc
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for track.Kind() == webrtc.RTPCodecTypeAudio { // of the picture come keep-alive packets
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			select {
			case l.packets <- packet.PayloadType:
			default:
			}
		}
	})
	var j joining
	l.post(client, "join", struct{}{}, &j)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: j.Offer}); err != nil {
		l.t.Fatalf("%v\n%+v", err, j)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		l.t.Fatal(err)
	}
	<-gathered
	var done joined
	if l.post(client, "answer", map[string]string{"sdp": pc.LocalDescription().SDP}, &done); done.Answer == "" {
		l.t.Fatal("the answer was refused")
	}
}

func TestAPageHearsTheBotAndItsEndIsThatOfTheCall(t *testing.T) {
	leak.Check(t)
	p := newPages()
	b, err := newBot(settings{folder: t.TempDir(), first: []choice{{Kind: kindBundled}}}, p.tell)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := &server{bot: b, pages: p, token: "token", host: socket.Addr().String(), out: &out}
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, socket) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	life, closePage := context.WithTimeout(t.Context(), time.Minute)
	defer closePage()
	page := openPage(t, life, client, "http://"+s.host+"/token/")
	page.join(client)
	if e := page.next("track"); e["info"].(map[string]any)["title"] != "the built-in piece" {
		t.Errorf("it plays %v", e)
	}
	select {
	case payloadType := <-page.packets:
		if payloadType != 111 {
			t.Errorf("payload type %d", payloadType)
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing arrives")
	}
	var nothing struct{ Error string }
	for _, do := range []string{"pause", "resume", "mute", "unmute"} {
		if page.post(client, "do", command{Do: do}, &nothing); nothing.Error != "" {
			t.Errorf("%s: %s", do, nothing.Error)
		}
		page.next("media")
	}
	if e := page.next("status"); len(e["stats"].([]any)) < 4 || len(e["diagnosis"].([]any)) == 0 || e["queue"].([]any)[0] != "the built-in piece" {
		t.Errorf("the status is %v", e)
	}

	// A second page is not let in; when the first one is closed, the call ends.
	closePage()
	if _, err := p.enter(t.Context(), func() {}, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if calls := b.client.Calls(); len(calls) != 0 {
		t.Errorf("calls that go on without a page: %v", calls)
	}
	p.leave()
	if err := page.pc.Close(); err != nil {
		t.Error(err)
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := b.close(); err != nil || out.Len() > 0 {
		t.Errorf("%v, %s", err, &out)
	}
}
