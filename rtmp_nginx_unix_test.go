//go:build unix

package gotgcall_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/lipsync"
)

// nginx is a real RTMP server on a loopback port, with a folder of its own. It records everything that is published.
type nginx struct {
	// set at construction
	t       testing.TB
	program string
	addr    string
	dir     string

	cmd *exec.Cmd // owned by the test's goroutine; nil when it is not running

	mu    sync.Mutex
	hooks []string // what it called: publish, publish_done
}

var modulesPath = regexp.MustCompile(`--modules-path=(\S+)`)

// findNginx returns the program and the module; the test is skipped where one of them is missing.
func findNginx(t testing.TB) (program, module string) {
	t.Helper()
	const install = "make test-rtmp installs it, or on Debian: apt-get install --no-install-recommends nginx libnginx-mod-rtmp"
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil { // not in every user's PATH
			t.Skipf("SKIPPED: there is no nginx, which is the real RTMP server of this test. %s", install)
		}
	}
	about, err := exec.Command(program, "-V").CombinedOutput()
	must(t, err)
	folder := modulesPath.FindSubmatch(about)
	if folder == nil {
		t.Skipf("SKIPPED: %s has no dynamic modules. %s", program, install)
	}
	module = filepath.Join(string(folder[1]), "ngx_rtmp_module.so")
	if _, err := os.Stat(module); err != nil {
		t.Skipf("SKIPPED: nginx has no RTMP module: %v. %s", err, install)
	}
	return program, module
}

// newNginx starts one that ends with the test.
func newNginx(t testing.TB, program, module string) *nginx {
	t.Helper()
	n := &nginx{t: t, program: program, addr: fmt.Sprintf("127.0.0.1:%d", freePort(t)), dir: t.TempDir()}
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.hooks = append(n.hooks, r.PostFormValue("call"))
	}))
	t.Cleanup(hooks.Close)
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n" // another one may not write here
	}
	// One process, so that killing it kills all of it.
	config := fmt.Sprintf(`daemon off; master_process off; %s
load_module %s;
pid %[3]s/pid;
error_log %[3]s/log info;
events { worker_connections 64; }
rtmp { access_log off; server { listen %[4]s; chunk_size 4096; application live {
	live on;
	record all; record_path %[3]s; record_unique on; record_suffix -%%s.flv;
	on_publish %[5]s/hook; on_publish_done %[5]s/hook;
} } }
`, user, module, n.dir, n.addr, hooks.URL)
	must(t, os.WriteFile(n.file("conf"), []byte(config), 0o600))
	n.start()
	t.Cleanup(func() {
		n.kill()
		if log, err := os.ReadFile(n.file("log")); err == nil && t.Failed() {
			t.Logf("nginx's log:\n%s", log)
		}
	})
	return n
}

func (n *nginx) file(name string) string { return filepath.Join(n.dir, name) }

func (n *nginx) url() string { return "rtmp://" + n.addr + "/live/" + streamKey }

// start returns the time since when it listens.
func (n *nginx) start() time.Time {
	n.t.Helper()
	n.cmd = exec.Command(n.program, "-p", n.dir, "-e", n.file("log"), "-c", n.file("conf"))
	must(n.t, n.cmd.Start())
	until(n.t, "nginx listens", func() bool {
		conn, err := net.Dial("tcp", n.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return time.Now()
}

// kill ends it without a word to anybody.
func (n *nginx) kill() {
	if n.cmd != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
		n.cmd = nil
	}
}

// count returns how often it called a hook.
func (n *nginx) count(hook string) (times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.hooks {
		if h == hook {
			times++
		}
	}
	return times
}

// recordings returns its files, the oldest first.
func (n *nginx) recordings() []string {
	list, err := filepath.Glob(n.file("*.flv"))
	must(n.t, err)
	age := func(name string) time.Time {
		info, err := os.Stat(name)
		must(n.t, err)
		return info.ModTime()
	}
	slices.SortFunc(list, func(a, b string) int { return age(a).Compare(age(b)) })
	return list
}

// show is a broadcast to a real server.
type show struct {
	*booth
	server *nginx

	// guarded by booth.mu
	changes []change
	ended   []string
}

// change is a state of the connection, when it was reported and what the position was then.
type change struct {
	state    gotgcall.ConnState
	at       time.Time
	position uint64
}

// newShow skips the test where there is no such server.
func newShow(t testing.TB) *show {
	t.Helper()
	program, module := findNginx(t)
	s := &show{booth: newBooth(t)}
	s.server = newNginx(t, program, module)
	s.client.OnConnectionChange(func(chat int64, info gotgcall.NetworkInfo) {
		at := time.Now()
		position, _ := s.client.Time(chat)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changes = append(s.changes, change{info.State, at, position})
	})
	s.client.OnStreamEnd(func(_ int64, leg gotgcall.StreamType, _ gotgcall.Device, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = append(s.ended, fmt.Sprintf("%s %v", leg, err))
	})
	must(t, s.client.StartRTMP(1, s.server.url()))
	return s
}

func (s *show) play(path string) {
	s.t.Helper()
	must(s.t, s.client.SetStreamSources(1, gotgcall.FromFile(path, postcard)))
}

func (s *show) position() uint64 {
	s.t.Helper()
	ms, err := s.client.Time(1)
	must(s.t, err)
	return ms
}

// connection returns the connection's states, once there are so many.
func (s *show) connection(want int) (list []change) {
	s.t.Helper()
	until(s.t, fmt.Sprintf("%d states of the connection", want), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		list = slices.Clone(s.changes)
		return len(list) >= want
	})
	return list
}

func (s *show) expectStates(want ...gotgcall.ConnState) {
	s.t.Helper()
	var got []gotgcall.ConnState
	for _, c := range s.connection(len(want)) {
		got = append(got, c.state)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("the connection was %v, expected %v", got, want)
	}
}

func (s *show) endsSoFar() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ended)
}

// control checks that a control changed something.
func (s *show) control(f func(int64) (bool, error)) {
	s.t.Helper()
	if changed, err := f(1); !changed || err != nil {
		s.t.Errorf("the control says %v, %v", changed, err)
	}
}

// finish stops the broadcast and waits until the server has seen it.
func (s *show) finish() {
	s.t.Helper()
	begin := time.Now()
	must(s.t, s.client.Stop(1))
	s.t.Logf("Stop took %v", time.Since(begin))
	until(s.t, "nginx has seen the end", func() bool { return s.server.count("publish_done") > 0 })
}

// published is one stream of a recording.
type published struct {
	codec      string
	first, end time.Duration // from the first packet's time to the last one's end
	step       time.Duration // the largest between two packets
	stepAt     time.Duration
	keyStep    time.Duration // the same between two key frames
}

func (r published) length() time.Duration { return r.end - r.first }

// readBack reads a recording with ffprobe.
func readBack(t testing.TB, path string) (video, audio published) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "compact",
		"-show_entries", "packet=codec_type,dts_time,duration_time,flags:stream=codec_type,codec_name", path).Output()
	must(t, err)
	of := map[string]*published{"video": &video, "audio": &audio}
	last, lastKey := map[*published]time.Duration{}, map[*published]time.Duration{}
	for line := range strings.Lines(string(out)) {
		values := map[string]string{}
		for field := range strings.SplitSeq(strings.TrimSpace(line), "|") {
			name, value, _ := strings.Cut(field, "=")
			values[name] = value
		}
		r := of[values["codec_type"]]
		if r == nil {
			continue
		}
		if name := values["codec_name"]; name != "" {
			r.codec = name
			continue
		}
		at, long := parseSeconds(t, values["dts_time"]), parseSeconds(t, values["duration_time"])
		if before, ok := last[r]; !ok {
			r.first = at
		} else if step := at - before; step < 0 {
			t.Errorf("%s: a packet of %v follows one of %v", r.codec, at, before)
		} else if step > r.step {
			r.step, r.stepAt = step, before
		}
		if strings.HasPrefix(values["flags"], "K") {
			if before, ok := lastKey[r]; ok {
				r.keyStep = max(r.keyStep, at-before)
			}
			lastKey[r] = at
		}
		last[r], r.end = at, at+long
	}
	return video, audio
}

// parseSeconds reads a number of ffprobe; 0 when it does not know.
func parseSeconds(t testing.TB, s string) time.Duration {
	t.Helper()
	if s == "N/A" {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	must(t, err)
	return time.Duration(math.Round(n*1e6)) * time.Microsecond
}

// hear returns the sound of a recording, and watch the brightness of its pictures, on one clock.
func hear(t testing.TB, path string) []int16 {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0",
		"-f", "s16le", "-ac", "1", "-ar", "48000", "-").Output()
	must(t, err)
	pcm := make([]int16, len(out)/2)
	must(t, binary.Read(bytes.NewReader(out), binary.LittleEndian, pcm))
	return pcm
}

func watch(t testing.TB, path string) (list []lipsync.Luma) {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", path, "-map", "0:v", "-vsync", "passthrough",
		"-vf", "scale=64:36:flags=area,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-", "-f", "null", "-").Output()
	must(t, err)
	for line := range strings.Lines(string(out)) {
		var frame, pts int
		var at, mean float64
		if n, _ := fmt.Sscanf(line, "frame:%d pts:%d pts_time:%g", &frame, &pts, &at); n == 3 {
			list = append(list, lipsync.Luma{At: time.Duration(at * float64(time.Second))})
		} else if n, _ := fmt.Sscanf(line, "lavfi.signalstats.YAVG=%g", &mean); n == 1 {
			list[len(list)-1].Mean = mean
		}
	}
	return list
}

// loudest returns the largest amplitude in a stretch of a recording.
func loudest(pcm []int16, from, to time.Duration) (most int) {
	at := func(d time.Duration) int { return min(max(int(d*48000/time.Second), 0), len(pcm)) }
	for _, v := range pcm[at(from):at(to)] {
		most = max(most, int(v), -int(v))
	}
	return most
}

// checkLength compares a stream's length with the clock. Strict would be 100 ms, which a busy machine does not keep: it is printed.
func checkLength(t testing.TB, name string, r published, begin, connected, stopped time.Time) {
	t.Helper()
	longest, shortest := stopped.Sub(begin), stopped.Sub(connected)
	t.Logf("%s: %s, %v against %v from Connecting to Stop (%+d ms); largest step %v at %v, key frames at most %v apart", name, r.codec, r.length(),
		longest.Round(time.Millisecond), (r.length() - longest).Milliseconds(), r.step, r.stepAt, r.keyStep)
	if r.length() > longest+time.Second || r.length() < shortest-2*time.Second {
		t.Errorf("%s of %v was recorded between %v (since Connected) and %v (since Connecting)", name, r.length(), shortest, longest)
	}
}

func TestARealServerGetsOneStreamThroughPauseMuteChangeAndSeek(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newShow(t)
	short := filepath.Join(t.TempDir(), "short.mp4")
	if out, err := exec.Command("sh", "testdata/flashbeep.sh", "4", short).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.play("testdata/flashbeep.mp4")
	s.reaches(3300)
	s.control(s.client.Pause)
	paused, at := time.Now(), s.position()
	time.Sleep(3 * time.Second) // the length of the pause
	if now := s.position(); now != at {
		t.Errorf("the position went from %d to %d during the pause", at, now)
	}
	s.control(s.client.Resume)
	pause := time.Since(paused)
	s.reaches(4300)
	s.control(s.client.Mute)
	s.reaches(6500)
	s.control(s.client.Unmute)
	s.reaches(7300)
	s.play("testdata/song.mp3")
	s.reaches(1500)
	heardSong := time.Now()
	s.play(short)
	s.reaches(1500)
	must(t, s.client.SeekBy(1, -1000)) // the first flash comes twice
	if ends := s.endsSoFar(); len(ends) > 0 {
		t.Errorf("there were ends %q before the end", ends)
	}
	until(t, "two ends", func() bool { return len(s.endsSoFar()) >= 2 })
	stopped := time.Now()
	s.finish()
	s.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Closed)
	if ends := s.endsSoFar(); !slices.Equal(ends, []string{"video <nil>", "audio <nil>"}) {
		t.Errorf("the ends are %q, expected the picture's and the sound's", ends)
	}
	files := s.server.recordings()
	if len(files) != 1 || s.server.count("publish") != 1 {
		t.Fatalf("%d connections and the recordings %q, expected one", s.server.count("publish"), files)
	}
	states := s.connection(3)
	begin := states[0].at
	video, audio := readBack(t, files[0])
	if video.codec != "h264" || audio.codec != "aac" {
		t.Errorf("the codecs are %q and %q", video.codec, audio.codec)
	}
	checkLength(t, "video", video, begin, states[1].at, stopped)
	checkLength(t, "audio", audio, begin, states[1].at, stopped)
	if audio.step > 100*time.Millisecond {
		t.Errorf("the sound has a step of %v at %v", audio.step, audio.stepAt)
	}
	if video.step > time.Second { // only a machine without time for its pictures makes more than 100 ms of it
		t.Errorf("the picture has a step of %v at %v", video.step, video.stepAt)
	}
	if video.keyStep > 2100*time.Millisecond+video.step {
		t.Errorf("key frames are up to %v apart", video.keyStep)
	}
	checkFlashes(t, files[0], pause, heardSong.Sub(begin))
}

// checkFlashes checks what is seen and heard in the recording: seven flashes of the first film, with a pause after the third and without sound at
// the fifth and sixth, then a song, then four flashes.
func checkFlashes(t testing.TB, path string, pause, song time.Duration) {
	t.Helper()
	pcm, flashes := hear(t, path), lipsync.Flashes(watch(t, path))
	if len(flashes) < 11 {
		t.Fatalf("flashes at %v, expected eleven", flashes)
	}
	if gap := flashes[3] - flashes[2] - time.Second; (gap - pause).Abs() > time.Second {
		t.Errorf("the pause lasted %v, and the recording has %v of it", pause, gap)
	}
	if most := loudest(pcm, flashes[4]-300*time.Millisecond, flashes[5]+300*time.Millisecond); most > 100 {
		t.Errorf("the muted stretch has an amplitude of %d", most)
	}
	if most := loudest(pcm, song-700*time.Millisecond, song-200*time.Millisecond); most < 1000 {
		t.Errorf("the song has an amplitude of %d", most)
	}
	pairs, _ := lipsync.Match(flashes, lipsync.Beeps(pcm, 48000))
	pairs = slices.DeleteFunc(pairs, func(p lipsync.Pair) bool { return p.Flash == flashes[4] || p.Flash == flashes[5] })
	if len(pairs) < 6 {
		t.Fatalf("%d flashes have a beep: %v", len(pairs), pairs)
	}
	least, most := lipsync.Spread(pairs)
	slices.SortFunc(pairs, func(a, b lipsync.Pair) int { return cmp.Compare(a.Offset(), b.Offset()) })
	middle := pairs[len(pairs)/2].Offset()
	t.Logf("flash after beep: %v to %v, the middle one %v", least, most, middle)
	if middle.Abs() > 40*time.Millisecond { // the others may be late on a busy machine
		t.Errorf("picture and sound are %v apart", middle)
	}
}

// BenchmarkBroadcastToARealServer measures a minute of a broadcast with a pause of 3 s, a seek and a change of the source: how much longer or shorter
// than the wall time what was recorded is, and the longest steps between its timestamps, all in milliseconds.
func BenchmarkBroadcastToARealServer(b *testing.B) {
	film := filepath.Join(b.TempDir(), "film.mp4")
	if out, err := exec.Command("sh", "testdata/flashbeep.sh", "60", film, "1280x720", "30").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for b.Loop() {
		s := newShow(b)
		must(b, s.client.SetStreamSources(1, gotgcall.FromFile(film)))
		s.connection(2)
		s.reaches(15_000)
		s.control(s.client.Pause)
		time.Sleep(3 * time.Second) // the length of the pause
		s.control(s.client.Resume)
		s.reaches(25_000)
		must(b, s.client.SeekBy(1, 15_000))
		s.reaches(50_000)
		must(b, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/flashbeep.mp4")))
		must(b, s.client.SetStreamSources(1, gotgcall.FromFile(film)))
		s.reaches(17_000)
		stopped := time.Now()
		s.finish()
		files := s.server.recordings()
		if len(files) != 1 {
			b.Fatalf("%d connections", len(files))
		}
		video, audio := readBack(b, files[0])
		wall := stopped.Sub(s.connection(2)[0].at)
		for name, d := range map[string]time.Duration{
			"video-wall-ms": video.length() - wall, "audio-wall-ms": audio.length() - wall, "video-step-ms": video.step, "audio-step-ms": audio.step,
		} {
			b.ReportMetric(float64(d.Microseconds())/1000, name)
		}
		b.ReportMetric(wall.Seconds(), "wall-s")
	}
}

func TestABroadcastGoesOnWhenARealServerIsBack(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newShow(t)
	s.play("testdata/flashbeep.mp4")
	s.reaches(1500)
	s.server.kill()
	killed := time.Now()
	s.connection(3)
	frozen := s.position()
	time.Sleep(time.Until(killed.Add(1500 * time.Millisecond))) // the length of the outage
	if now := s.position(); now != frozen {
		t.Errorf("the position went from %d to %d while there was no connection", frozen, now)
	}
	listening := s.server.start()
	states := s.connection(4)
	t.Logf("Disconnected was reported %v after the server died, Connected %v after it listened again", states[2].at.Sub(killed), states[3].at.Sub(listening))
	if back := states[3]; back.position < frozen || time.Duration(back.position-frozen)*time.Millisecond > back.at.Sub(listening)+100*time.Millisecond {
		t.Errorf("the position was %d without a connection, and %d when it was back", frozen, back.position)
	}
	s.reaches(frozen + 1500)
	s.finish()
	s.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Connected, gotgcall.Closed)
	if ends := s.endsSoFar(); len(ends) > 0 {
		t.Errorf("the ends %q came of an outage and Stop", ends)
	}
	files := s.server.recordings()
	if len(files) != 2 || s.server.count("publish") != 2 {
		t.Fatalf("%d connections and the recordings %q, expected two", s.server.count("publish"), files)
	}
	video, audio := readBack(t, files[1])
	t.Logf("second recording: %v of video, %v of audio, steps of %v and %v", video.length(), audio.length(), video.step, audio.step)
	if video.codec != "h264" || audio.codec != "aac" || audio.length() < time.Second || video.length() < time.Second {
		t.Errorf("the second recording is %+v and %+v", video, audio)
	}
}

func TestAViewerOfARealServerJoinsAndStopEndsPolitely(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newShow(t)
	s.play("testdata/flashbeep.mp4")
	s.reaches(1000)
	seen := filepath.Join(t.TempDir(), "seen.flv")
	if out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", s.server.url(), "-t", "4", "-c", "copy", seen).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	video, audio := readBack(t, seen)
	// A picture is there from the next key frame on.
	if video.codec != "h264" || audio.codec != "aac" || video.length() < 500*time.Millisecond || audio.length() < time.Second {
		t.Errorf("a viewer of 4s got %+v and %+v", video, audio)
	}
	s.finish()
	// The publisher says deleteStream; a connection that breaks is a disconnect first.
	log, err := os.ReadFile(s.server.file("log"))
	must(t, err)
	publisher := regexp.MustCompile(`(\*\d+) publish: `).FindSubmatch(log)
	if publisher == nil {
		t.Fatal("nginx had no publisher")
	}
	end := regexp.MustCompile(regexp.QuoteMeta(string(publisher[1])) + ` (deleteStream|disconnect)`).FindSubmatch(log)
	if end == nil || string(end[1]) != "deleteStream" {
		t.Errorf("the first that nginx got of the end is %q, expected deleteStream", end)
	}
	if ends := s.endsSoFar(); len(ends) > 0 {
		t.Errorf("Stop caused the ends %q", ends)
	}
}
