package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// static serves the files that pages load. Browsers keep them, and ask each time whether they are still the same.
type static struct {
	files fs.FS
	tags  map[string]string // by name
}

func newStatic(files fs.FS) *static {
	s := &static{files, map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		s.tags[name] = fmt.Sprintf("\"%x\"", sha256.Sum256(text))
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return s
}

// ServeHTTP answers with a file. Folders are not listed.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	tag, ok := s.tags[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	text, err := fs.ReadFile(s.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, path.Base(name), time.Time{}, bytes.NewReader(text))
}
