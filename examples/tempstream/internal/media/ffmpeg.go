package media

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// lookEvery is how often the playlist of the running ffmpeg is looked at.
	lookEvery = 100 * time.Millisecond
	// stalled is for how long a broadcast may bring nothing, and silent for how long a connection may before its first segment: then it counts as
	// dead, and the next can come.
	stalled = 20 * time.Second
	silent  = 30 * time.Second
	// knock is how often it is looked whether ffmpeg still listens: it takes one connection, and then listens no more.
	knock = time.Second
	// atOnce is how soon an ffmpeg ends that cannot listen; one that ends later had a visitor.
	atOnce = 500 * time.Millisecond
	// retry is the wait after an ffmpeg that could not listen.
	retry = time.Second
)

// FFmpegConfig says how FFmpeg is to work.
type FFmpegConfig struct {
	Addr string // where to listen for RTMP; a loopback address, for no stream key is checked
	Path string // ffmpeg's
	Dir  string // an existing folder that belongs to it alone
	Log  *slog.Logger
}

// FFmpeg is a Server that runs ffmpeg: it listens for one broadcast at a time and copies what comes into segments, which begin at key frames
// and last about a second, or as long as there is no key frame. Each broadcast is a run of ffmpeg of its own.
type FFmpeg struct {
	// set at construction
	config   FFmpegConfig
	path     string
	root     *os.Root
	firstRun int
	stalled  time.Duration
	silent   time.Duration

	mu     sync.Mutex // guards what follows
	window window
	phase  phase
	failed error // why the last ffmpeg could not listen; nil: it does, or it serves a broadcast
}

// NewFFmpeg makes the server, and says why it cannot work: ffmpeg is missing, the port is taken.
func NewFFmpeg(c FFmpegConfig) (*FFmpeg, error) {
	program, err := exec.LookPath(c.Path)
	if err != nil {
		return nil, fmt.Errorf("FFMPEG is %q: %w; install ffmpeg, or give its path", c.Path, err)
	}
	probe, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("RTMP_ADDR is %q: %w; give a free port, such as 127.0.0.1:1936", c.Addr, err)
	}
	probe.Close()
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("MEDIA_DIR is %q: %w; give a folder that this user may write to", c.Dir, err)
	}
	f := &FFmpeg{config: c, path: program, root: root, stalled: stalled, silent: silent}
	// Players that were there before a restart go on with higher numbers and with names that they have not seen. The number of discontinuities
	// begins at 0 all the same: hls.js walks over all of them.
	now := time.Now()
	f.window.first, f.firstRun = now.Unix(), int(now.Unix()%1e9)
	f.phase.turn(false, now)
	f.removeRuns(math.MaxInt)
	return f, nil
}

// args are ffmpeg's for a run.
func (f *FFmpeg) args(run int) []string {
	return []string{
		// Warnings would tell the stream key of who connects.
		"-nostdin", "-hide_banner", "-loglevel", "error",
		"-analyzeduration", "2000000", "-listen", "1", "-i", "rtmp://" + f.config.Addr + "/live/stream",
		"-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy",
		"-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", initOf(run),
		"-hls_list_size", strconv.Itoa(windowSize), "-hls_delete_threshold", "4",
		"-hls_flags", "delete_segments+omit_endlist+independent_segments+temp_file",
		"-hls_segment_filename", runPrefix(run) + "%d.m4s", runPrefix(run) + "list.m3u8", // in the folder it works in
	}
}

// Run keeps an ffmpeg listening, or taking a broadcast, until ctx ends. It may be called once.
func (f *FFmpeg) Run(ctx context.Context) error {
	defer f.root.Close()
	for run := f.firstRun; ctx.Err() == nil; run++ {
		start := time.Now()
		begun, err := f.run(ctx, run)
		if ctx.Err() != nil {
			return nil
		}
		f.removeRuns(run)
		if begun {
			f.config.Log.Info("the broadcast has stopped", "run", run, "reason", reason(err))
			continue
		}
		if err == nil || time.Since(start) > atOnce {
			f.config.Log.Warn("somebody connected and brought no stream", "reason", reason(err))
			continue
		}
		f.config.Log.Error("ffmpeg cannot listen", "error", err)
		f.setFailed(err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil
}

func reason(err error) string {
	if err != nil {
		return err.Error()
	}
	return "the publisher left"
}

// read takes new segments from the playlist of a run, and says whether there were some.
func (f *FFmpeg) read(run int) bool {
	text, err := f.root.ReadFile(runPrefix(run) + "list.m3u8")
	if err != nil {
		return false // nothing has come yet
	}
	list, err := parseRun(text, run)
	if err != nil {
		f.config.Log.Error("ffmpeg's playlist cannot be read", "error", err)
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.window.take(run, list) {
		return false
	}
	f.phase.turn(true, time.Now())
	return true
}

func (f *FFmpeg) turn(live bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.phase.turn(live, time.Now())
}

func (f *FFmpeg) setFailed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = err
}

// expire empties the playlist when the broadcast counts as ended: who comes later is not shown its last seconds.
func (f *FFmpeg) expire(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.phase.status(now, "").State == Ended {
		f.window.clear()
	}
}

// removeRuns deletes the files of runs that are not in the playlist any more. The newest's are kept: players may still ask for them.
func (f *FFmpeg) removeRuns(newest int) {
	files, err := os.ReadDir(f.config.Dir)
	if err != nil {
		f.config.Log.Error("MEDIA_DIR cannot be read", "error", err)
		return
	}
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file.Name(), "r"), "_")
		run, err := strconv.Atoi(number)
		if err != nil || run >= newest || f.lists(run) {
			continue
		}
		if err := f.root.Remove(file.Name()); err != nil {
			f.config.Log.Error("a file of an earlier broadcast cannot be deleted", "error", err)
		}
	}
}

func (f *FFmpeg) lists(run int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.window.has(run)
}

// Status is described at Server.
func (f *FFmpeg) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.phase.status(time.Now(), "")
}

// Check is described at Server.
func (f *FFmpeg) Check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// ServeHLS is described at Server.
func (f *FFmpeg) ServeHLS(w http.ResponseWriter, r *http.Request, name string) {
	if name == Index {
		f.mu.Lock()
		var list []byte
		if len(f.window.segments) > 0 {
			list = f.window.render()
		}
		f.mu.Unlock()
		if list == nil {
			http.Error(w, "nobody broadcasts", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(list))
		return
	}
	if path.Ext(name) == ".m3u8" { // ffmpeg's own
		http.Error(w, "no such playlist", http.StatusNotFound)
		return
	}
	file, err := f.root.Open(name)
	if err != nil {
		http.Error(w, "no such part", http.StatusNotFound)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "video/mp4")
	http.ServeContent(w, r, "", time.Time{}, file)
}
