package ffmpeg

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"

	"gotgcall/models"
)

const (
	ffmpegAdvice  = "install ffmpeg (for example: apt-get install ffmpeg, apk add ffmpeg, brew install ffmpeg), or give its path with WithFFmpegPath"
	programAdvice = "install it, or begin the command with its full path"
)

// Lookup finds the ffmpeg program without running it: path is a file, or a name to be looked for in PATH; empty means "ffmpeg". It returns
// an absolute path, so that a later change of the working directory does no harm.
//
// The error is ErrFFmpegSpawn wrapping the cause: fs.ErrNotExist when there is no such program, fs.ErrPermission when it is a directory or
// not executable. A program that PATH has only in the working directory is refused with exec.ErrDot, as it may be there by somebody's design.
func Lookup(path string) (string, error) {
	if path == "" {
		path = DefaultPath
	}
	return lookup(path, ffmpegAdvice)
}

func lookup(name, advice string) (string, error) {
	found, err := exec.LookPath(name)
	if err != nil {
		var detail *exec.Error
		if errors.As(err, &detail) {
			err = detail.Err // without the name, which is told below
		}
	}
	switch {
	case errors.Is(err, exec.ErrDot):
		return "", fmt.Errorf("%w: %q is found only in the working directory; if that is meant, say %q: %w",
			models.ErrFFmpegSpawn, name, "."+string(filepath.Separator)+name, exec.ErrDot)
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: %q is not in PATH (%w); %s", models.ErrFFmpegSpawn, name, fs.ErrNotExist, advice)
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: there is no %q (%w); %s", models.ErrFFmpegSpawn, name, err, advice)
	case err != nil:
		return "", fmt.Errorf("%w: %q cannot be executed (%w); %s", models.ErrFFmpegSpawn, name, err, advice)
	}
	abs, err := filepath.Abs(found)
	if err != nil {
		return "", fmt.Errorf("%w: %q: the working directory is not known: %w", models.ErrFFmpegSpawn, name, err)
	}
	return abs, nil
}
