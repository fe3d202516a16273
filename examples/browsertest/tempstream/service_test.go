// Package tempstream tests examples/tempstream in a browser, from the program to the picture.
package tempstream

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"gotgcall/examples/browsertest/browser"
)

var program = browser.NewMain("../../tempstream/cmd/tempstream")

func TestMain(m *testing.M) { os.Exit(program.Test(m)) }

// service is the program while it serves.
type service struct {
	t    *testing.T
	path string
	env  []string
	rtmp string           // where it takes broadcasts
	run  *browser.Program // as it was started last
}

// serve runs the service until the test is over.
func serve(t *testing.T) *service {
	t.Helper()
	web, rtmp := freeAddr(t), freeAddr(t)
	s := &service{t: t, path: program.Path(t), rtmp: "rtmp://" + rtmp + "/live/stream", env: []string{
		"HTTP_ADDR=" + web, "BASE_URL=http://" + web, "ADMIN_ADDR=127.0.0.1:0", "RTMP_ADDR=" + rtmp, "MEDIA=ffmpeg", "COOKIE_SECURE=false",
		"DB_PATH=" + filepath.Join(t.TempDir(), "db.sqlite"), "TELEGRAM_BOT_TOKEN=", "LOG_LEVEL=info",
	}}
	s.start()
	return s
}

// start starts it, again after a stop.
func (s *service) start() {
	s.t.Helper()
	s.run = browser.Run(s.t, s.env, s.path, "serve")
	s.run.Says("serving")
}

// freeAddr is a loopback address that nobody listens on at the moment.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// do runs the program beside the service, and returns what it prints.
func (s *service) do(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.path, args...)
	cmd.Env = append(os.Environ(), s.env...)
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %v: %s", args, err, &failure)
	}
	return string(out)
}

// link makes a link.
func (s *service) link(args ...string) (url, id string) {
	s.t.Helper()
	out := s.do(append([]string{"link", "new"}, args...)...)
	url, rest, _ := strings.Cut(out, "\n")
	id, _, ok := strings.Cut(strings.TrimPrefix(rest, "link "), ",")
	if !ok || !strings.HasPrefix(url, "http://") {
		s.t.Fatalf("link new says %q", out)
	}
	return url, id
}

// publish broadcasts a test card with a tone until it is stopped, as an encoder does that tries again.
func (s *service) publish() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			_ = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=854x480:r=25",
				"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25",
				"-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", s.rtmp).Run() // the service may not listen yet
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	s.t.Cleanup(stop)
	return stop
}

// newTab opens a browser with an empty page that notes when it shows its first picture.
func newTab(t *testing.T) *browser.Tab {
	t.Helper()
	p := browser.Start(t).NewTab()
	p.Before(noteFirstFrame)
	return p
}

// open opens a link.
func open(p *browser.Tab, url string) {
	p.Do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("#badge")))
}
