//go:build unix

package ffmpeg

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gotgcall/models"
)

// isSpawnError reports whether err is ErrFFmpegSpawn because of cause.
func isSpawnError(err, cause error) bool {
	return errors.Is(err, models.ErrFFmpegSpawn) && errors.Is(err, cause)
}

func writeFile(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAProgramThatCannotBeStartedIsNamedWithItsCause(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		cause  error
		advice string
	}{
		{"missing file", "/nonexistent/ffmpeg", fs.ErrNotExist, "WithFFmpegPath"},
		{"not in PATH", "no-such-ffmpeg", fs.ErrNotExist, "apt-get install ffmpeg"},
		{"directory", t.TempDir(), syscall.EISDIR, "cannot be executed"},
		{"not executable", writeFile(t, "ffmpeg", "#!/bin/sh\n", 0o644), fs.ErrPermission, "cannot be executed"},
		{"wrong architecture", writeFile(t, "ffmpeg", "\x7fELF\x01 of another world", 0o755), syscall.ENOEXEC, "install the right build"},
		{"empty file", writeFile(t, "ffmpeg", "", 0o755), syscall.ENOEXEC, "install the right build"},
		{"missing interpreter", writeFile(t, "ffmpeg", "#!/nonexistent/sh\n", 0o755), fs.ErrNotExist, "the interpreter or loader"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := testRunner(t, func(c *Config, _ *limits) { c.Path = tt.path })
			p, err := r.Start(context.Background(), Command{})
			if p != nil || !isSpawnError(err, tt.cause) {
				t.Fatalf("error %v, want ErrFFmpegSpawn with %v", err, tt.cause)
			}
			for _, want := range []string{tt.path, tt.advice} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			p, err = r.Start(context.Background(), Command{Name: self(t), Args: []string{"--role=write", "0", "0"}})
			if err != nil {
				t.Fatalf("the next program: %v", err)
			}
			if _, err := readAll(t, p.Output(0)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCommandsThatNoProgramCouldReceiveAreRefused(t *testing.T) {
	r := testRunner(t, nil)
	tests := []struct {
		name    string
		command Command
		want    error
	}{
		{"NUL in an argument", Command{Args: []string{"a", "b\x00c"}}, os.ErrInvalid},
		{"three outputs", Command{Outputs: 3}, models.ErrInvalidParams},
		{"a negative number of outputs", Command{Outputs: -1}, models.ErrInvalidParams},
		{"pipes of negative size", Command{PipeSize: -1}, models.ErrInvalidParams},
		{"too long", Command{Args: []string{strings.Repeat("x", 1<<20)}}, syscall.E2BIG},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := r.Start(context.Background(), tt.command); p != nil || !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestStartObeysItsContext(t *testing.T) {
	reason := errors.New("too late")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	if p, err := testRunner(t, nil).Start(ctx, Command{Args: []string{"--role=hang"}}); p != nil || !errors.Is(err, reason) {
		t.Errorf("error %v, want %v", err, reason)
	}
}

func TestTheSystemsErrorsComeWithAdvice(t *testing.T) {
	// simulated: limits of processes and memory do not bind a test that runs as root
	for cause, advice := range map[syscall.Errno]string{
		syscall.EAGAIN: "pids limit",
		syscall.ENOMEM: "out of memory",
		syscall.ENFILE: "fs.file-max",
	} {
		fail := func(spec) (child, error) { return nil, &os.PathError{Op: "exec", Path: "/x", Err: cause} }
		r := newRunner(Config{Path: self(t)}, defaultLimits, fail)
		_, err := r.Start(context.Background(), Command{})
		if !isSpawnError(err, cause) || !strings.Contains(err.Error(), advice) {
			t.Errorf("%v: error %v, want advice with %q", cause, err, advice)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
