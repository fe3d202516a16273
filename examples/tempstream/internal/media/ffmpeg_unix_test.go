//go:build unix

package media

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/leak"

	"gotgcall/examples/tempstream/internal/testkit"
)

// startFFmpeg runs a server until the test ends.
func startFFmpeg(t *testing.T, change func(*FFmpeg)) (*FFmpeg, *testkit.Buffer) {
	t.Helper()
	log, b := logged(t)
	f, err := NewFFmpeg(FFmpegConfig{Addr: testkit.FreeAddr(t), Path: "ffmpeg", Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(f)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f, b
}

// push broadcasts, and connects again when it loses its connection, until what it returns is called or the test ends.
func push(t *testing.T, addr, size string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=r=10:s="+size, "-f", "lavfi", "-i", "sine=r=48000",
				"-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", "rtmp://"+addr+"/live/Planted5ecret").Run()
		}
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// pictureSize asks ffprobe for that of a run's picture.
func pictureSize(t *testing.T, s Server, header, part string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part.mp4")
	var media []byte
	for _, name := range []string{header, part} {
		got := get(s, name)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "video/mp4" {
			t.Fatalf("%s: %d %v", name, got.Code, got.Header())
		}
		media = append(media, got.Body.Bytes()...)
	}
	if err := os.WriteFile(path, media, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-select_streams", "v", "-of", "csv=p=0:s=x", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestABroadcastWithAGapIsOneStreamWhateverComesAfterIt(t *testing.T) {
	leak.Check(t)
	f, log := startFFmpeg(t, nil)
	if got := get(f, Index); got.Code != http.StatusNotFound || f.Status().State != Waiting {
		t.Errorf("before the broadcast: %d, %v", got.Code, f.Status())
	}
	stopFirst := push(t, f.config.Addr, "160x90")
	testkit.Eventually(t, "the broadcast", func() bool { return f.Status().State == Live })
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	stopFirst() // the connection breaks
	testkit.Eventually(t, "the gap", func() bool { return f.Status().State == Waiting })
	before := get(f, Index).Body.String()
	push(t, f.config.Addr, "320x180")
	testkit.Eventually(t, "the broadcast, again", func() bool { return f.Status().State == Live })

	list := get(f, Index).Body.String()
	if !strings.HasPrefix(list, strings.TrimSuffix(before, "\n")) && !strings.Contains(list, "#EXT-X-DISCONTINUITY\n") {
		t.Errorf("the second does not follow the first:\n%s", list)
	}
	headers := regexp.MustCompile(`URI="(.*)"`).FindAllStringSubmatch(list, -1)
	parts := regexp.MustCompile(`(?m)^r.*$`).FindAllString(list, -1)
	if len(headers) != 2 {
		t.Fatalf("%d headers, expected one a broadcast:\n%s", len(headers), list)
	}
	for i, want := range []string{"160x90", "320x180"} {
		part := []string{parts[0], parts[len(parts)-1]}[i]
		if got := pictureSize(t, f, headers[i][1], part); got != want {
			t.Errorf("the picture of broadcast %d is %s, expected %s", i+1, got, want)
		}
	}
	for _, name := range []string{"r1_list.m3u8", runPrefix(f.firstRun) + "list.m3u8", "none.mp4"} {
		if got := get(f, name); got.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if strings.Contains(log.String(), "Planted5ecret") {
		t.Error("a stream key is in the log")
	}
}

func TestAPublisherThatSendsNothingAnyMoreMakesRoomForTheNext(t *testing.T) {
	leak.Check(t)
	f, _ := startFFmpeg(t, func(f *FFmpeg) { f.stalled = 3 * time.Second })
	dead := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=r=10:s=160x90", "-c:v", "libx264", "-preset", "ultrafast",
		"-g", "10", "-pix_fmt", "yuv420p", "-f", "flv", "rtmp://"+f.config.Addr+"/live/key")
	testkit.Eventually(t, "the listener", f.listens)
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = dead.Process.Kill()
		_ = dead.Wait()
	})
	testkit.Eventually(t, "the broadcast", func() bool { return f.Status().State == Live })
	if err := dead.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the end of a dead broadcast", func() bool { return f.Status().State == Waiting })
	push(t, f.config.Addr, "160x90")
	testkit.Eventually(t, "the next one", func() bool { return f.Status().State == Live })
}

func TestAConnectionThatBringsNothingMakesRoomForAPublisher(t *testing.T) {
	leak.Check(t)
	f, log := startFFmpeg(t, func(f *FFmpeg) { f.silent = 2 * time.Second })
	testkit.Eventually(t, "the listener", f.listens)
	visitor, err := net.Dial("tcp", f.config.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer visitor.Close()
	if err := visitor.SetReadDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := visitor.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still there")
	}
	testkit.Eventually(t, "the listener, again", f.listens)
	if err := f.Check(t.Context()); err != nil || !strings.Contains(log.String(), "brought no stream") {
		t.Errorf("%v\n%s", err, log)
	}
}

func TestOldFilesAreGoneAndATakenPortIsNamed(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	for _, name := range []string{"r1_0.m4s", "r1_list.m3u8", "r22_init.mp4", "readme.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, _ := logged(t)
	f, err := NewFFmpeg(FFmpegConfig{Addr: testkit.FreeAddr(t), Path: "ffmpeg", Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	f.root.Close()
	if f.window.breaks != 0 || f.window.first < 1_700_000_000 {
		t.Errorf("it begins with segment %d after %d discontinuities, expected the time, and none", f.window.first, f.window.breaks)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || files[0].Name() != "readme.txt" {
		t.Errorf("left: %v, %v", files, err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for want, c := range map[string]FFmpegConfig{
		"RTMP_ADDR": {Addr: taken.Addr().String(), Path: "ffmpeg", Dir: dir},
		"FFMPEG":    {Addr: testkit.FreeAddr(t), Path: "/none/ffmpeg", Dir: dir},
		"MEDIA_DIR": {Addr: testkit.FreeAddr(t), Path: "ffmpeg", Dir: filepath.Join(dir, "none")},
	} {
		if _, err := NewFFmpeg(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %s in %v", want, err)
		}
	}
}

func TestAnFFmpegThatCannotListenIsToldAndTriedAgain(t *testing.T) {
	leak.Check(t)
	f, _ := startFFmpeg(t, func(f *FFmpeg) { f.path = "/bin/false" })
	testkit.Eventually(t, "the failure", func() bool { return f.Check(t.Context()) != nil })
}
