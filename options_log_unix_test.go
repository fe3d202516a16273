//go:build unix

package gotgcall_test

import (
	"log/slog"
	"strings"
	"testing"

	"gotgcall"
	"gotgcall/internal/leak"
)

func TestFFmpegStderrIsLoggedLineByLineIfAsked(t *testing.T) {
	for _, asked := range []bool{false, true} {
		leak.Check(t)
		var log lockedBuffer
		options := []gotgcall.Option{gotgcall.WithoutFFmpeg(), gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))}
		if asked {
			options = append(options, gotgcall.WithFFmpegStderrLog())
		}
		client, err := gotgcall.New(options...)
		must(t, err)
		_, err = client.CreateCall(1)
		must(t, err)
		const command = `sh -c 'echo "cannot open https://bob:planted@host/?key=planted-key" >&2; echo given up >&2; exit 3'`
		is(t, client.SetStreamSources(1, gotgcall.FromShell(command, gotgcall.TrackAudio)), gotgcall.ErrFFmpegCrashed)
		must(t, client.Close()) // now all lines are there
		for _, line := range []string{`line="cannot open https://***@host/?key=***"`, `line="given up"`} {
			const begins = `level=DEBUG msg="program says" chat=1 source="FromShell, audio" program=sh pid=`
			found := false
			for l := range strings.Lines(log.String()) {
				found = found || strings.Contains(l, begins) && strings.Contains(l, line)
			}
			if found != asked {
				t.Errorf("asked: %v. Logged: %v: %s\n%s", asked, found, line, &log)
			}
		}
		if strings.Contains(log.String(), "planted") {
			t.Errorf("a secret is in the log:\n%s", &log)
		}
	}
}
