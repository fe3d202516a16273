//go:build unix

package ffmpeg

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestStartAndEndAreLoggedWithoutSecrets(t *testing.T) {
	log, lines := debugLog()
	r := testRunner(t, func(c *Config, _ *limits) { c.Logger = log })
	const planted = "planted-secret"
	p := startCommand(t, r, Command{
		Args:    []string{"--role=write", "0", "1", "https://bob:" + planted + "@host/x?token=" + planted, "403 Forbidden for", planted, "-headers", "Authorization: " + planted, "rtmp://host/app/" + planted},
		Secrets: []string{planted},
	})
	_, err := readAll(t, p.Output(0))
	exit := wantCrash(t, err)
	for what, text := range map[string]string{"error": err.Error(), "Stderr of the error": exit.Stderr, "Stderr": p.Stderr(), "log": lines.String(),
		"dump": fmt.Sprintf("%+v %#v", exit, exit)} {
		if strings.Contains(text, planted) {
			t.Errorf("the %s tells the secret: %s", what, text)
		}
	}
	if want := "403 Forbidden for ***"; !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	for _, want := range []string{"level=DEBUG", `msg="program started"`, `msg="program ended"`, fmt.Sprint("pid=", p.Pid()), "code=1", "duration=", "rtmp://host/app/***"} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, lines)
		}
	}
	if strings.Contains(lines.String(), "WARN") {
		t.Errorf("a warning of nothing:\n%s", lines)
	}
}

func TestNothingIsLoggedAboveDebugOfAProgramThatWorks(t *testing.T) {
	lines := &logBuffer{}
	log := slog.New(slog.NewTextHandler(lines, nil))
	r := testRunner(t, func(c *Config, _ *limits) { c.Logger = log })
	p := start(t, r, "write", "10", "0")
	if _, err := io.Copy(io.Discard, p.Output(0)); err != nil {
		t.Fatal(err)
	}
	start(t, r, "hang").Stop()
	if lines.String() != "" {
		t.Errorf("logged: %s", lines)
	}
}

func TestStderrAndAttributesAreLoggedIfAsked(t *testing.T) {
	for _, asked := range []bool{false, true} {
		log, lines := debugLog()
		r := testRunner(t, func(c *Config, _ *limits) {
			c.Logger = log
			if asked {
				c.StderrLogger = log
			}
		})
		p, err := r.With("chat", 7).With("source", "a song").Start(t.Context(), Command{
			Args: []string{"--role=write", "0", "1", "cannot open https://bob:planted-secret@host/x"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = readAll(t, p.Output(0))
		wantCrash(t, err)
		for _, want := range []string{"program started", "program ended"} {
			if !strings.Contains(lines.String(), fmt.Sprintf("level=DEBUG msg=%q chat=7 source=\"a song\" program=", want)) {
				t.Errorf("the log does not say %q with chat and source:\n%s", want, lines)
			}
		}
		said := fmt.Sprintf("level=DEBUG msg=\"program says\" chat=7 source=\"a song\" program=%s pid=%d line=\"cannot open https://***@host/x\"", p.title, p.Pid())
		if strings.Contains(lines.String(), said) != asked || strings.Contains(lines.String(), "planted") {
			t.Errorf("asked: %v. The log is\n%s\nexpected in it, or not:\n%s", asked, lines, said)
		}
	}
}
