package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gotgcall/models"
)

// checkFile returns ErrFile when there is nothing at path that could be played.
func checkFile(subject, path string) error {
	if path == "" {
		return fmt.Errorf("%w: %s: the path is empty", models.ErrFile, subject)
	}
	if strings.ContainsRune(path, 0) {
		return fmt.Errorf("%w: %s: the path contains a NUL byte, which no file name can", models.ErrFile, subject)
	}
	info, err := os.Stat(path)
	if err != nil {
		return missing(subject, path, err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return fmt.Errorf("%w: %s: it is a directory: give a file in it", models.ErrFile, subject)
	case mode&fs.ModeNamedPipe != 0:
		return nil // opening it would wait for its writer
	case !mode.IsRegular():
		return fmt.Errorf("%w: %s: it is not a file but a device or a socket (%v): give a file or a named pipe", models.ErrFile, subject, mode)
	case info.Size() == 0:
		return fmt.Errorf("%w: %s: the file is empty", models.ErrFile, subject)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %s: it cannot be opened; check its permissions: %w", models.ErrFile, subject, reason(err))
	}
	_ = f.Close() // nothing was written
	return nil
}

// missing explains why there is no such file.
func missing(subject, path string, err error) error {
	cause := reason(err)
	switch scheme := schemeOf(path); {
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s: %w", models.ErrFile, subject, cause)
	case scheme == "file":
		return fmt.Errorf("%w: %s: give the path without %q: %w", models.ErrFile, subject, "file:", cause)
	case strings.HasPrefix(path[len(scheme):], "://"):
		return fmt.Errorf("%w: %s: it is a URL: use FromURL: %w", models.ErrFile, subject, cause)
	}
	return fmt.Errorf("%w: %s: check the path: %w", models.ErrFile, subject, cause)
}

// reason is an error of package os without the path, which the subject tells.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// fileInput is a file that checkFile has let pass.
func fileInput(path string) input {
	in := input{class: classFile, target: fileTarget(path), image: isPattern(path)}
	if info, err := os.Stat(path); err == nil {
		in.once = info.Mode()&fs.ModeNamedPipe != 0
	}
	return in
}

// isPattern reports whether ffmpeg would take the name of a picture for a pattern: 100%d.jpg may be the name of one file, but is read as that
// of 1000.jpg. For other files it does not do that, and does not know the option that forbids it.
func isPattern(path string) bool {
	return strings.ContainsRune(path, '%') && slices.Contains(imageExtensions, strings.ToLower(filepath.Ext(path)))
}

// imageExtensions are the usual ones of those by which ffmpeg knows a picture.
var imageExtensions = []string{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".tga", ".ppm", ".pgm", ".pbm", ".pnm",
	".jp2", ".jxl", ".j2k", ".psd", ".dds", ".svg", ".pcx", ".ico", ".exr", ".hdr", ".dpx", ".sgi", ".ras", ".xbm", ".xpm", ".xwd", ".qoi"}

// fileTarget names a file for -i so that ffmpeg takes the name as it stands: with the protocol given, nothing in it is read as an option,
// another protocol or a pattern. A relative path stays relative: to clean it could lead elsewhere where it passes through links.
func fileTarget(path string) string {
	if filepath.IsAbs(path) || filepath.VolumeName(path) != "" {
		return "file:" + path
	}
	return "file:." + string(filepath.Separator) + path
}
