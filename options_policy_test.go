package gotgcall_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
)

func TestAURLThatThePolicyRefusesChangesNothing(t *testing.T) {
	const target = "rtmp://bot:planted-password@media.example/live/planted-key?auth=planted-value"
	notInternal := errors.New("this address is internal")
	var asked []string
	policy := gotgcall.WithURLPolicy(func(u *url.URL) error {
		asked = append(asked, u.String())
		if u.Hostname() == "media.example" {
			return fmt.Errorf("%w: %s and %s", notInternal, u, u.Query().Get("auth"))
		}
		return nil
	})
	inFakeTimeWith(t, []gotgcall.Option{policy}, func(t *testing.T, w *world) {
		asked = nil
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(time.Second)
		_, probed := w.client.Probe(t.Context(), gotgcall.FromURL(target))
		for what, err := range map[string]error{
			"SetStreamSources": w.client.SetStreamSources(1, gotgcall.FromURL(target)),
			"in a list":        w.client.SetStreamSources(1, gotgcall.NewPlaylist(gotgcall.FromURL(target))),
			"shared":           w.client.SetStreamSources(1, gotgcall.Shared(gotgcall.FromURL(target))),
			"StartRTMP":        w.client.StartRTMP(2, target),
			"Probe":            probed,
		} {
			is(t, err, gotgcall.ErrInvalidParams)
			is(t, err, notInternal)
			if !strings.Contains(err.Error(), "refused by the URL policy: this address is internal") || strings.Contains(err.Error(), "planted") {
				t.Errorf("%s: the error is «%v»", what, err)
			}
		}
		if want := slices.Repeat([]string{target}, 5); !slices.Equal(asked, want) {
			t.Errorf("the policy was asked about %q, expected five times the whole URL", asked)
		}
		if _, found := w.client.Calls()[2]; found {
			t.Error("the refused broadcast has a call")
		}
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 500 {
			t.Errorf("%d packets of the old song arrived, expected all 500", n)
		}
	})
}

func TestAURLThatThePolicyAllowsIsOpened(t *testing.T) {
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithFFmpegPath("/no/such/ffmpeg"), gotgcall.WithURLPolicy(func(*url.URL) error { return nil }))
	must(t, err)
	defer client.Close()
	_, err = client.CreateCall(1)
	must(t, err)
	is(t, client.SetStreamSources(1, gotgcall.FromURL("http://127.0.0.1:1/x")), gotgcall.ErrFFmpegSpawn) // so far it came
	must(t, client.StartRTMP(2, "rtmp://127.0.0.1:1/live/key"))
}

func TestPublicHostsKeepsABotFromWhatIsBehindIt(t *testing.T) {
	leak.Check(t)
	asked := make(chan string, 1)
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer inside.Close()
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithFFmpegPath("/no/such/ffmpeg"), gotgcall.WithURLPolicy(gotgcall.PublicHosts))
	must(t, err)
	defer client.Close()
	_, err = client.CreateCall(1)
	must(t, err)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	must(t, err)
	for _, host := range []string{"127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]"} {
		address := host + ":" + port + "/x"
		_, probed := client.Probe(t.Context(), gotgcall.FromURL("http://"+address))
		for what, err := range map[string]error{
			"http":      client.SetStreamSources(1, gotgcall.FromURL("http://"+address)),
			"rtsp":      client.SetStreamSources(1, gotgcall.FromURL("rtsp://"+address)),
			"Probe":     probed,
			"StartRTMP": client.StartRTMP(2, "rtmp://"+address),
		} {
			is(t, err, gotgcall.ErrInvalidParams)
			if err == nil || !strings.Contains(err.Error(), "PublicHosts") || !strings.Contains(err.Error(), strings.Trim(host, "[]")) {
				t.Errorf("%s: the error is «%v»", what, err)
			}
		}
	}
	select {
	case path := <-asked:
		t.Errorf("the server was asked for %s", path)
	default:
	}
	must(t, client.StartRTMP(2, "rtmp://8.8.8.8/live/key"))
}
