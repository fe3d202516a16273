package gotgcall_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pion/webrtc/v4"

	"gotgcall"
)

// lessDescriptors takes all free descriptors but so many away from this process, until the returned function is called.
func lessDescriptors(t *testing.T, free int) (restore func()) {
	t.Helper()
	isFree := func(fd int) bool { return errors.Is(syscall.Fstat(fd, &syscall.Stat_t{}), syscall.EBADF) }
	first := 0
	for ; free > 0 || !isFree(first); first++ {
		if isFree(first) {
			free--
		}
	}
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = uint64(first)
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	return func() {
		t.Helper()
		must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	}
}

func TestDescriptorsThatRunOutAreAnErrorOfConnectAndTheOthersPlayOn(t *testing.T) {
	if !apart(t) {
		return
	}
	for name, c := range map[string]struct {
		late bool   // when all is prepared but the socket for the media
		free int    // descriptors
		says string // the error; "" for none
	}{
		"at the first look for a route":   {false, 0, "dial udp"},
		"when the socket is to be opened": {true, 0, "listen udp"},
		"after that":                      {true, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var restore func()
			armed := false
			var options []gotgcall.Option
			if c.late {
				options = append(options, gotgcall.WithSettingEngine(func(*webrtc.SettingEngine) {
					if armed {
						restore = lessDescriptors(t, c.free)
					}
				}))
			}
			s := newStudio(t, options...)
			ep := s.join(1)
			must(t, s.client.SetStreamSources(1, song{packets: 5000}))
			params, err := s.client.CreateCall(2)
			must(t, err)
			answer, err := s.server.Join(2, params)
			must(t, err)
			if armed = true; !c.late {
				restore = lessDescriptors(t, c.free)
			}
			err = s.client.Connect(2, answer)
			heard := ep.Stats(ep.AudioSSRC()).Packets
			must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), heard+10)) // the other call plays on
			restore()
			armed = false
			if c.says == "" {
				must(t, err)
			} else {
				is(t, err, gotgcall.ErrConnectionFailed)
				is(t, err, syscall.EMFILE)
				if text := fmt.Sprint(err); !strings.Contains(text, c.says) || !strings.Contains(text, "ulimit -n") || strings.Contains(text, "address family") {
					t.Errorf("the error is «%v», expected that of «%s» and what to do", err, c.says)
				}
			}
			must(t, s.client.Stop(2))
			s.join(2)
			must(t, s.client.SetStreamSources(2, gotgcall.FromFile("testdata/song.mp3")))
			select {
			case err := <-s.ends:
				t.Errorf("something ended: %v", err)
			default:
			}
		})
	}
}

// fullDisk is a writer that always fails, and counts how often.
type fullDisk struct {
	file   *os.File
	failed atomic.Int64
}

func newFullDisk(t *testing.T) *fullDisk {
	t.Helper()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return &fullDisk{file: f}
}

func (d *fullDisk) Write(b []byte) (int, error) {
	n, err := d.file.Write(b)
	if errors.Is(err, syscall.ENOSPC) {
		d.failed.Add(1)
	}
	return n, err
}

func TestCallsGoOnWhenTheDiskOfTheLogIsFull(t *testing.T) {
	disk := newFullDisk(t)
	s := newStudio(t,
		gotgcall.WithLogger(slog.New(slog.NewJSONHandler(disk, nil))), gotgcall.WithDebugLogs(), gotgcall.WithPionTraceLogs(),
		gotgcall.WithICECandidateLogs(), gotgcall.WithVerboseConnectionLogs(), gotgcall.WithFFmpegStderrLog(),
	)
	ep := s.join(1)
	// A program that says more than a pipe holds before it gives its first sound: it is read nevertheless.
	const command = `sh -c 'yes "something is not as it should be" | head -n 3000 >&2; exec cat "$0"' `
	const packets = 50
	must(t, s.client.SetStreamSources(1, gotgcall.FromShell(command+oggFile(t, packets), gotgcall.TrackAudio)))
	if err := s.end(); err != nil {
		t.Error(err)
	}
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), packets))
	must(t, s.client.Stop(1))
	s.join(1)
	if n := disk.failed.Load(); n < 3000 {
		t.Errorf("%d lines of the log could not be written, expected more than the program has said", n)
	}
}
