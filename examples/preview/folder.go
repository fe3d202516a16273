package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxFiles = 2000 // in the page's list
	maxDepth = 4    // of folders in folders
)

// mediaEndings are the names that the list shows. ffmpeg reads many more; what is named otherwise can be given on the command line.
var mediaEndings = []string{
	".aac", ".aiff", ".avi", ".flac", ".flv", ".m4a", ".m4v", ".mka", ".mkv", ".mov", ".mp3", ".mp4", ".mpg", ".oga", ".ogg", ".ogv", ".opus", ".ts",
	".wav", ".webm", ".wma", ".wmv",
}

// folder is where the page's files come from. No name leads out of it, neither by ".." nor by a symbolic link.
type folder struct {
	dir  string
	root *os.Root
}

func openFolder(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder to choose from: %w", err)
	}
	return &folder{dir: dir, root: root}, nil
}

func (f *folder) close() error { return f.root.Close() }

// list returns the names of songs and films, sorted, with slashes between folders.
func (f *folder) list() []string {
	names := []string{}
	_ = fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // what cannot be read is left out
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.Count(name, "/") >= maxDepth):
			return fs.SkipDir
		case len(names) == maxFiles:
			return fs.SkipAll
		case d.Type().IsRegular() && slices.Contains(mediaEndings, strings.ToLower(filepath.Ext(name))):
			names = append(names, name)
		}
		return nil
	})
	return names
}

// open opens a file of the folder by its name in there.
func (f *folder) open(name string) (io.ReadCloser, error) {
	if err := f.check(name); err != nil {
		return nil, err
	}
	return f.root.Open(name)
}

// path returns the path of a file of the folder, for a program that takes paths.
func (f *folder) path(name string) (string, error) {
	if err := f.check(name); err != nil {
		return "", err
	}
	return filepath.Join(f.dir, filepath.FromSlash(name)), nil
}

// check refuses all that is not a regular file in the folder.
func (f *folder) check(name string) error {
	if !fs.ValidPath(name) {
		return fmt.Errorf("%q is no name in the folder, expected one of its list", name)
	}
	info, err := f.root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return fmt.Errorf("%q cannot be played from the folder: %w", name, err)
	}
	return nil
}
