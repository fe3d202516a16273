package gotgcall_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall"
)

func TestAProcessThatReachesItsLimitEndsItsSourceWithTheNameOfTheLimit(t *testing.T) {
	if !apart(t) {
		return
	}
	large := filepath.Join(t.TempDir(), "large")
	for field, c := range map[string]struct {
		limits gotgcall.ProcessLimits
		source gotgcall.Source
	}{
		"CPU": {
			gotgcall.ProcessLimits{CPU: time.Second},
			gotgcall.FromShell(fmt.Sprintf(`sh -c 'cat "$0"; while :; do :; done' %s`, oggFile(t, 50)), gotgcall.TrackAudio),
		},
		"AddressSpace": { // less than ffmpeg and its libraries take
			gotgcall.ProcessLimits{AddressSpace: 64 << 20}, gotgcall.FromFile("testdata/song.mp3"),
		},
		"Output": {
			gotgcall.ProcessLimits{Output: 4096},
			gotgcall.FromShell("dd if=/dev/zero bs=4096 count=10000 of="+large, gotgcall.TrackAudio),
		},
	} {
		t.Run(field, func(t *testing.T) {
			s := newStudio(t, gotgcall.WithProcessLimits(c.limits))
			s.join(1)
			err := s.client.SetStreamSources(1, c.source)
			if err == nil {
				err = s.end()
			}
			is(t, err, gotgcall.ErrFFmpegCrashed)
			if err != nil && !strings.Contains(err.Error(), "WithProcessLimits allows ("+field+")") {
				t.Errorf("the error is «%v»", err)
			}
			must(t, s.client.SetStreamSources(1, gotgcall.FromShell("cat "+oggFile(t, 10), gotgcall.TrackAudio))) // who keeps within the limit plays
		})
	}
}

func TestTheEncoderOfABroadcastHasNoLimits(t *testing.T) {
	b := newBooth(t, gotgcall.WithProcessLimits(gotgcall.ProcessLimits{CPU: time.Second, AddressSpace: 64 << 20, Output: 1}))
	port := freePort(t)
	server := startIngest(t, port)
	must(t, b.client.StartRTMP(1, rtmpURL(port)))
	must(t, b.client.SetStreamSources(1, wavSilence{}, postcard)) // which takes no process
	b.state(gotgcall.Connecting)
	b.state(gotgcall.Connected)
	must(t, b.client.Stop(1))
	server.finished(t)
}
