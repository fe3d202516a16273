//go:build unix

package gotgcall_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
)

// streamKey is planted in every RTMP URL of the tests and looked for in everything that is said.
const streamKey = "8192:Planted5ecretKey"

// ingest is an RTMP server for one connection: ffmpeg, which records what it gets.
type ingest struct {
	cmd  *exec.Cmd
	file string
	done chan struct{} // closed when it has exited
	err  error         // of the exit; read after done
}

// freePort returns a port of the loopback that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func rtmpURL(port int) string { return fmt.Sprintf("rtmp://127.0.0.1:%d/live/%s", port, streamKey) }

// startIngest starts a server; it listens a moment later.
func startIngest(t *testing.T, port int) *ingest {
	t.Helper()
	s := &ingest{file: filepath.Join(t.TempDir(), "got.flv"), done: make(chan struct{})}
	s.cmd = exec.Command("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-listen", "1", "-i", rtmpURL(port), "-map", "0",
		"-c", "copy", "-flush_packets", "1", s.file)
	s.cmd.Stderr = t.Output()
	must(t, s.cmd.Start())
	go func() {
		defer close(s.done)
		s.err = s.cmd.Wait()
	}()
	t.Cleanup(s.kill)
	return s
}

func (s *ingest) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// finished waits until the server has seen the end of the broadcast.
func (s *ingest) finished(t *testing.T) {
	t.Helper()
	select {
	case <-s.done:
		if s.err != nil {
			t.Errorf("the server ended with %v", s.err)
		}
	case <-time.After(hang):
		t.Fatal("the server never saw the end")
	}
}

// recorded is what a server got.
type recorded struct {
	codecs map[string]string // by type
	times  map[string][]float64
	keys   []float64 // of the key frames
	width  int
}

// length returns the time in seconds from the first packet of a kind to the last.
func (r recorded) length(kind string) float64 {
	if times := r.times[kind]; len(times) > 0 {
		return times[len(times)-1] - times[0]
	}
	return 0
}

func (s *ingest) read(t *testing.T) recorded {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "csv=nk=1", "-show_entries", "stream=codec_type,codec_name,width", s.file).Output()
	must(t, err)
	r := recorded{codecs: map[string]string{}, times: map[string][]float64{}}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) > 3 {
			r.width, err = strconv.Atoi(f[3])
			must(t, err)
		}
		r.codecs[f[2]] = f[1]
	}
	out, err = exec.Command("ffprobe", "-v", "error", "-of", "csv=nk=1", "-show_entries", "packet=codec_type,dts_time,flags", s.file).Output()
	must(t, err)
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		at, err := strconv.ParseFloat(f[2], 64)
		must(t, err)
		r.times[f[1]] = append(r.times[f[1]], at)
		if f[1] == "video" && strings.HasPrefix(f[3], "K") {
			r.keys = append(r.keys, at)
		}
	}
	return r
}

// loudness returns the loudest sample of each tenth of a second of the recorded sound.
func (s *ingest) loudness(t *testing.T) []int {
	t.Helper()
	const rate = 8000
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", s.file, "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(rate), "-").Output()
	must(t, err)
	samples := make([]int16, len(out)/2)
	must(t, binary.Read(bytes.NewReader(out), binary.LittleEndian, samples))
	var loudest []int
	for part := range slices.Chunk(samples, rate/10) {
		peak := 0
		for _, x := range part {
			peak = max(peak, int(x), -int(x))
		}
		loudest = append(loudest, peak)
	}
	return loudest
}

// lastShade returns the mean brightness of the last recorded picture, 16 to 235.
func (s *ingest) lastShade(t *testing.T) int {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", s.file, "-vf", "scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-").Output()
	must(t, err)
	if len(out) == 0 {
		t.Fatal("no picture was recorded")
	}
	return int(out[len(out)-1])
}

// booth is a Client with real ffmpeg for broadcasts.
type booth struct {
	t      testing.TB
	client *gotgcall.Client
	mu     sync.Mutex
	said   []string // guarded by mu: every event and log line
	states chan gotgcall.ConnState
	ends   chan string
}

func newBooth(t testing.TB, opts ...gotgcall.Option) *booth {
	t.Helper()
	for _, tool := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v; make test installs it", err)
		}
	}
	leak.Check(t)
	b := &booth{t: t, states: make(chan gotgcall.ConnState, 64), ends: make(chan string, 64)}
	client, err := gotgcall.New(append([]gotgcall.Option{
		gotgcall.WithLogger(slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}, opts...)...)
	must(t, err)
	b.client = client
	client.OnConnectionChange(func(chat int64, n gotgcall.NetworkInfo) {
		b.say(fmt.Sprint(chat, n))
		b.states <- n.State
	})
	client.OnStreamEnd(func(_ int64, kind gotgcall.StreamType, device gotgcall.Device, err error) {
		text := fmt.Sprint(kind, device, err)
		b.say(text)
		b.ends <- text
	})
	t.Cleanup(func() {
		must(t, client.Close())
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, text := range b.said {
			if strings.Contains(text, streamKey) || strings.Contains(text, "Planted5ecretKey") {
				t.Errorf("the stream key was said: %s", text)
			}
		}
	})
	return b
}

// Write implements io.Writer for the log.
func (b *booth) Write(p []byte) (int, error) {
	b.say(string(p))
	return b.t.Output().Write(p)
}

func (b *booth) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, text)
}

// state waits for the next state and compares it.
func (b *booth) state(want gotgcall.ConnState) {
	b.t.Helper()
	select {
	case got := <-b.states:
		if got != want {
			b.t.Fatalf("the state is %v, expected %v", got, want)
		}
	case <-time.After(hang):
		b.t.Fatalf("never %v", want)
	}
}

// noEnds fails the test when an OnStreamEnd has come.
func (b *booth) noEnds() {
	b.t.Helper()
	select {
	case end := <-b.ends:
		b.t.Errorf("an end was reported: %s", end)
	default:
	}
}

// end waits for the next OnStreamEnd.
func (b *booth) end() string {
	b.t.Helper()
	select {
	case end := <-b.ends:
		return end
	case <-time.After(hang):
		b.t.Fatal("the end never came")
		return ""
	}
}

// reaches waits until the position is at least ms.
func (b *booth) reaches(ms uint64) {
	b.t.Helper()
	for deadline := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		at, err := b.client.Time(1)
		must(b.t, err)
		if at >= ms {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the position stays at %d ms, expected %d", at, ms)
		}
	}
}

// postcard keeps the encoders of the tests cheap.
var postcard = gotgcall.EncodeOptions{VideoWidth: 320, VideoHeight: 180, Tracks: gotgcall.TrackAudio | gotgcall.TrackVideo}

func TestAFilmIsBroadcastToItsEndAndBeyond(t *testing.T) {
	if !apart(t) {
		return
	}
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	white := filepath.Join(t.TempDir(), "white.mp4")
	must(t, exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=white:s=320x180:r=30:d=10", "-f", "lavfi", "-i", "sine=d=10",
		"-pix_fmt", "yuv420p", white).Run())
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	size := postcard
	size.Tracks = 0 // a broadcast shows the picture all the same
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile(white, size)))
	b.state(gotgcall.Connecting)
	b.state(gotgcall.Connected)
	b.reaches(300)
	if state, err := b.client.GetState(1); err != nil || state.VideoStopped {
		t.Errorf("while the film plays: %+v, %v", state, err)
	}
	if first, second := b.end(), b.end(); !strings.HasPrefix(first, "video") || !strings.HasPrefix(second, "audio") ||
		!strings.HasSuffix(first, "<nil>") || !strings.HasSuffix(second, "<nil>") {
		t.Errorf("it ended with %s, then %s", first, second)
	}
	if at, err := b.client.Time(1); err != nil || at < 9900 || at > 10100 {
		t.Errorf("the position at the end is %d, %v", at, err)
	}
	// The broadcast outlives the film; another one goes on in it.
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	b.reaches(1000)
	if state, err := b.client.GetState(1); err != nil || !state.VideoStopped {
		t.Errorf("while the song plays: %+v, %v", state, err)
	}
	must(t, b.client.Stop(1))
	b.state(gotgcall.Closed)
	b.noEnds()
	server.finished(t)
	if shade := server.lastShade(t); shade > 40 {
		t.Errorf("while the song plays the picture is %d of 255, expected black", shade)
	}
	got := server.read(t)
	if got.codecs["video"] != "h264" || got.codecs["audio"] != "aac" || got.width != 320 {
		t.Errorf("the server got %v, %d pixels wide", got.codecs, got.width)
	}
	for _, kind := range []string{"video", "audio"} {
		if n := got.length(kind); n < 10.9 {
			t.Errorf("%s: %.2f s", kind, n)
		}
	}
	for i, at := range got.keys[1:] {
		if step := at - got.keys[i]; step > 2.2 {
			t.Errorf("no key frame from %.2f to %.2f s", got.keys[i], at)
		}
	}
}

func TestOneConnectionSurvivesPauseMuteSilenceAndChange(t *testing.T) {
	if !apart(t) {
		return
	}
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
	b.reaches(1500)
	changed, err := b.client.Mute(1)
	if !changed || err != nil {
		t.Fatalf("Mute: %v, %v", changed, err)
	}
	b.reaches(3500) // muted, the position goes on
	_, err = b.client.Unmute(1)
	must(t, err)
	b.reaches(4500)
	_, err = b.client.Pause(1)
	must(t, err)
	paused, err := b.client.Time(1)
	must(t, err)
	time.Sleep(time.Second) // what is paused has nothing to wait for
	if at, err := b.client.Time(1); err != nil || at != paused {
		t.Errorf("the position went from %d to %d during a pause, %v", paused, at, err)
	}
	_, err = b.client.Resume(1)
	must(t, err)
	b.reaches(paused + 500)
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4"), postcard))
	b.reaches(2000)
	must(t, b.client.SeekBy(1, 5000))
	b.reaches(8000)
	must(t, b.client.Stop(1))
	b.noEnds()
	server.finished(t)

	loudness := server.loudness(t)
	// Stretches of sound and silence: 1.5 s of the song, 2 s of mute, 1 s of the song, 1 s of pause, then the song, until the film with its beeps.
	var stretches []int // in tenths of a second, silent ones negative
	for _, peak := range loudness {
		silent := peak < 100
		if n := len(stretches) - 1; n >= 0 && silent == (stretches[n] < 0) {
			if silent {
				stretches[n]--
			} else {
				stretches[n]++
			}
			continue
		}
		stretches = append(stretches, map[bool]int{true: -1, false: 1}[silent])
	}
	if len(stretches) > 0 && stretches[0] < 0 && stretches[0] > -15 { // before the song
		stretches = stretches[1:]
	}
	if len(stretches) < 5 || stretches[0] < 12 || stretches[1] > -18 || stretches[2] < 8 || stretches[3] > -8 || stretches[4] < 3 {
		t.Errorf("tenths of a second of sound, and of silence: %v", stretches)
	}
	got := server.read(t)
	if n := got.length("video"); n < 8 {
		t.Errorf("%.2f s of video", n)
	}
}

func TestABroadcastComesBackWhenTheServerDoes(t *testing.T) {
	if !apart(t) {
		return
	}
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
	b.state(gotgcall.Connecting)
	b.state(gotgcall.Connected)
	b.reaches(1000)
	server.kill()
	b.state(gotgcall.Disconnected)
	broken, err := b.client.Time(1)
	must(t, err)
	time.Sleep(700 * time.Millisecond) // a server that is away; the media stands still
	if at, err := b.client.Time(1); err != nil || at != broken {
		t.Errorf("without a connection the position went from %d to %d, %v", broken, at, err)
	}
	server = startIngest(t, port)
	b.state(gotgcall.Connected)
	b.reaches(broken + 1000)
	if at, err := b.client.Time(1); err != nil || at > broken+5000 {
		t.Errorf("the position jumped from %d to %d, %v", broken, at, err)
	}
	must(t, b.client.Stop(1))
	b.noEnds()
	server.finished(t)
	if got := server.read(t); got.length("audio") < 0.8 {
		t.Errorf("after the restart the server got %.2f s", got.length("audio"))
	}
}

// suspend stops a process; a kill ends it all the same.
func suspend(t *testing.T, p *os.Process) {
	t.Helper()
	must(t, p.Signal(syscall.SIGSTOP))
}

func TestStopReturnsWhenTheServerHangs(t *testing.T) {
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
	b.reaches(500)
	suspend(t, server.cmd.Process)
	must(t, b.client.Stop(1))
	b.noEnds()
	if calls := b.client.Calls(); len(calls) != 0 {
		t.Errorf("after Stop there is %v", calls)
	}
}

func TestEverySourceIsBroadcast(t *testing.T) {
	if !apart(t) {
		return
	}
	ogg, err := os.ReadFile("testdata/song.ogg")
	must(t, err)
	for name, source := range map[string]gotgcall.Source{
		"a command": gotgcall.FromShell("ffmpeg -i testdata/song.mp3", gotgcall.TrackAudio),
		"a user's":  ownSource(ogg),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooth(t)
			port := freePort(t)
			server := startIngest(t, port)
			must(t, b.client.StartRTMP(1, rtmpURL(port)))
			must(t, b.client.SetStreamSources(1, source, postcard))
			b.reaches(1500)
			must(t, b.client.Stop(1))
			server.finished(t)
			if peak := slices.Max(server.loudness(t)); peak < 1000 {
				t.Errorf("the loudest sample is %d", peak)
			}
		})
	}
}

func TestASourceThatFailsLeavesTheBroadcastAlone(t *testing.T) {
	if !apart(t) {
		return
	}
	b := newBooth(t)
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	is(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/README.md")), gotgcall.ErrFile)
	is(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), gotgcall.EncodeOptions{VideoFPS: -5}), gotgcall.ErrInvalidParams)
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard)) // decides the size after all
	b.reaches(500)
	is(t, b.client.SetStreamSources(1, gotgcall.FromFile("nowhere.mp3")), gotgcall.ErrFile)
	is(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/README.md")), gotgcall.ErrFile)
	b.reaches(1500)
	must(t, b.client.Stop(1))
	b.noEnds()
	server.finished(t)
	if got := server.read(t); got.width != 320 || got.length("audio") < 1 {
		t.Errorf("%d pixels wide, %.2f s", got.width, got.length("audio"))
	}
}

func TestURLsThatAreNoRTMPServersAreRefused(t *testing.T) {
	b := newBooth(t)
	before, err := os.ReadDir(".")
	must(t, err)
	for _, url := range []string{
		"", "-y", "http://example.com/live/key", "file:///tmp/x.flv", "/tmp/x.flv", "x.flv", "rtmp:", "rtmp:/example.com/live", "rtmp:///live/key",
		"rtmp://", "rtmp://example.com", "rtmp://example.com/", "rtmp://example.com/live/key live=1", "rtmp://example.com/live/key\n",
		"rtmp://example.com:0/live/key", "rtmp://example.com:99999/a/b", "rtmp,rtmps://example.com/a/b", "rtmpt://example.com/a/b",
		"rtmps://dc4-1.rtmp.t.me/s/", "rtmp://example.com/Planted//",
		"rtmp://user:8192:Planted5ecretKey@/x", "srt://example.com/live/key", "tee:rtmp://example.com/a/b", "-rtmp://example.com/a/b",
	} {
		err := b.client.StartRTMP(1, url)
		is(t, err, gotgcall.ErrInvalidParams)
		if err != nil && strings.Contains(err.Error(), "Planted") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	if calls := b.client.Calls(); len(calls) != 0 {
		t.Errorf("there is %v", calls)
	}
	after, err := os.ReadDir(".")
	must(t, err)
	if len(after) != len(before) {
		t.Error("a file was made")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.said {
		if strings.Contains(text, "started") {
			t.Errorf("a program was started: %s", text)
		}
	}
}

func TestAChatHasACallOrABroadcast(t *testing.T) {
	b := newBooth(t)
	must(t, b.client.StartRTMP(1, rtmpURL(1)))
	_, err := b.client.CreateCall(1)
	is(t, err, gotgcall.ErrConnectionExists)
	is(t, b.client.StartRTMP(1, rtmpURL(1)), gotgcall.ErrConnectionExists)
	_, err = b.client.CreateCall(2)
	must(t, err)
	is(t, b.client.StartRTMP(2, rtmpURL(1)), gotgcall.ErrConnectionExists)

	is(t, b.client.Connect(1, "{}"), gotgcall.ErrWrongMode)
	_, err = b.client.AudioSSRC(1)
	is(t, err, gotgcall.ErrWrongMode)
	_, err = b.client.LeaveSource(1)
	is(t, err, gotgcall.ErrWrongMode)
	_, err = b.client.Sources(1)
	is(t, err, gotgcall.ErrWrongMode)

	if state, err := b.client.GetState(1); err != nil || !state.VideoStopped || state.Paused || state.Muted {
		t.Errorf("before the first source: %+v, %v", state, err)
	}
	if at, err := b.client.Time(1); err != nil || at != 0 {
		t.Errorf("before the first source: %d, %v", at, err)
	}
	for _, change := range []func(int64) (bool, error){b.client.Pause, b.client.Mute, b.client.Resume, b.client.Unmute} {
		if changed, err := change(1); !changed || err != nil {
			t.Errorf("before the first source a control says %v, %v", changed, err)
		}
	}
	must(t, b.client.Stop(1))
	b.state(gotgcall.Closed)
	must(t, b.client.Stop(2))
	b.state(gotgcall.Closed)
	must(t, b.client.StartRTMP(2, rtmpURL(1)))
	must(t, b.client.Close())
	is(t, b.client.StartRTMP(3, rtmpURL(1)), gotgcall.ErrClosed)
}

func TestAnFFmpegWithoutH264IsNamed(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	must(t, err)
	fake := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\ncase \"$*\" in *libx264*) cat >/dev/null & echo \"Unknown encoder 'libx264'\" >&2; exit 1;; esac\nexec " + ffmpeg + " \"$@\"\n"
	must(t, os.WriteFile(fake, []byte(script), 0o700))
	b := newBooth(t, gotgcall.WithFFmpegPath(fake))
	must(t, b.client.StartRTMP(1, rtmpURL(freePort(t))))
	must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	b.state(gotgcall.Connecting)
	b.state(gotgcall.Failed)
	if end := b.end(); !strings.Contains(end, `no encoder "libx264"`) || !strings.Contains(end, "WithFFmpegPath") {
		t.Errorf("the end says %s", end)
	}
	b.noEnds()
	err = b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"))
	is(t, err, gotgcall.ErrNotConnected)
	is(t, err, gotgcall.ErrFFmpegSpawn)
	must(t, b.client.StartRTMP(1, rtmpURL(1))) // a failed one is no obstacle
	if errors.Is(b.client.Stop(1), gotgcall.ErrConnectionNotFound) {
		t.Error("the new broadcast is not there")
	}
}
