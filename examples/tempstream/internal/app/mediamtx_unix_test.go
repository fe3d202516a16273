//go:build unix

package app

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/testkit"
)

// hlsSecret is hlsCDNSecret.
const hlsSecret = "0123456789abcdef-0123456789abcdef"

// startMTX runs the real MediaMTX with the example's configuration, but for addresses and the secret.
func startMTX(t *testing.T, binary, rtmp, hls, api, ask string) {
	t.Helper()
	config, err := filepath.Abs("../../mediamtx.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, config)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "MTX_RTMPADDRESS="+rtmp, "MTX_HLSADDRESS="+hls, "MTX_APIADDRESS="+api,
		"MTX_AUTHHTTPADDRESS=http://"+ask+"/mediamtx/auth", "MTX_HLSCDNSECRET="+hlsSecret)
	log := &testkit.Buffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was interrupted
		if t.Failed() {
			t.Log(log)
		}
	})
}

func TestTheRealMediaMTXTakesAndGivesOutTheStream(t *testing.T) {
	binary := os.Getenv("MEDIAMTX_BIN")
	if binary == "" {
		t.Skip("MEDIAMTX_BIN is not set: give it the path of a MediaMTX, 1.18.1 or newer, and this runs against it")
	}
	rtmp, hls, api := testkit.FreeAddr(t), testkit.FreeAddr(t), testkit.FreeAddr(t)
	a := start(t, settings(t, map[string]string{
		"MEDIA": "mediamtx", "MEDIAMTX_HLS_BASE_URL": "http://" + hls, "MEDIAMTX_API_URL": "http://" + api, "MEDIAMTX_HLS_CDN_SECRET": hlsSecret,
	}))
	startMTX(t, binary, rtmp, hls, api, a.AdminAddr().String())
	testkit.Eventually(t, "MediaMTX", func() bool { return a.media.Check(t.Context()) == nil })
	ctx := t.Context()
	k, key, err := a.store.CreateKey(ctx, "anna", "test")
	if err != nil {
		t.Fatal(err)
	}
	to := "rtmp://" + rtmp + "/live/stream?user=anna&pass="
	out, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=r=10:s=320x180:d=60", "-c:v", "libx264", "-f", "flv", to+"wrong").CombinedOutput()
	if err == nil || a.media.Status().State != media.Waiting {
		t.Errorf("a wrong key is let in: %s", out)
	}
	broadcast(t, to+key)
	testkit.Eventually(t, "the broadcast", func() bool { return a.media.Status().State == media.Live && a.media.Status().Publisher == "anna" })

	_, url, err := a.NewLink(ctx, store.LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	v := watch(t, url)
	code, index, err := v.get(media.Index)
	if code != http.StatusOK || err != nil {
		t.Fatalf("%d %v", code, err)
	}
	variant := ""
	for line := range strings.Lines(string(index)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			variant = line
		}
	}
	testkit.Eventually(t, "parts of the stream", func() bool {
		code, list, err := v.get(variant)
		if code != http.StatusOK || err != nil {
			t.Fatalf("%s: %d %v\n%s", variant, code, err, index)
		}
		for _, part := range parts.FindAllString(string(list), -1) {
			name := strings.TrimSuffix(strings.TrimPrefix(part, `URI="`), `"`)
			if code, body, err := v.get(name); code != http.StatusOK || err != nil || len(body) == 0 {
				continue // it has left the playlist, or is still being made
			}
			return true
		}
		return false
	})
	got, err := v.client.Get("http://" + hls + "/live/stream/" + variant)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, got.Body)
	got.Body.Close()
	if got.StatusCode == http.StatusOK {
		t.Error("MediaMTX gives the stream to somebody without the secret")
	}
	if _, err := a.store.RevokeKey(ctx, k.ID, "test"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the cut", func() bool { return a.media.Status().State == media.Waiting })
}
