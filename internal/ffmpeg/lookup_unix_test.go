//go:build unix

package ffmpeg

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gotgcall/models"
)

func TestLookupFindsTheProgramAndDoesNotRunIt(t *testing.T) {
	dir := t.TempDir()
	if dir, err := filepath.EvalSymlinks(dir); err != nil || dir == "" {
		t.Fatal(err)
	}
	t.Chdir(dir)
	ran := filepath.Join(dir, "ran")
	for name, mode := range map[string]os.FileMode{"ffmpeg": 0o755, "bin/ffmpeg": 0o755, "bin/other": 0o755, "plain": 0o644, "bin/dir/x": 0o755} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("#!/bin/sh\ntouch "+ran+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "bin")
	tests := []struct {
		name, path, env string
		want            string // relative to dir
		cause           error
		text            string
	}{
		{name: "default", path: "", env: bin, want: "bin/ffmpeg"},
		{name: "by name", path: "other", env: bin, want: "bin/other"},
		{name: "relative path", path: "./ffmpeg", env: bin, want: "ffmpeg"},
		{name: "relative path in a folder", path: "bin/other", want: "bin/other"},
		{name: "absolute path", path: filepath.Join(bin, "other"), want: "bin/other"},
		{name: "PATH has the working directory first", path: "", env: ".:" + bin, cause: exec.ErrDot, text: `say "./ffmpeg"`},
		{name: "absent", path: "", env: filepath.Join(dir, "none"), cause: fs.ErrNotExist, text: "install ffmpeg"},
		{name: "absent path", path: "./nothing", cause: fs.ErrNotExist, text: "WithFFmpegPath"},
		{name: "directory", path: bin, cause: syscall.EISDIR, text: bin},
		{name: "directory in PATH", path: "dir", env: bin, cause: fs.ErrNotExist, text: `"dir" is not in PATH`},
		{name: "not executable", path: "./plain", cause: fs.ErrPermission, text: "./plain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.env)
			got, err := Lookup(tt.path)
			if tt.cause == nil {
				if want := filepath.Join(dir, tt.want); err != nil || got != want {
					t.Errorf("%q, %v, want %q", got, err, want)
				}
				return
			}
			if got != "" || !errors.Is(err, models.ErrFFmpegSpawn) || !errors.Is(err, tt.cause) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%q, %v, want ErrFFmpegSpawn with %v and %q", got, err, tt.cause, tt.text)
			}
		})
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the program was run")
	}
}
