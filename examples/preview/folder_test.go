package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// tree makes a folder with files in it and one outside.
func tree(t *testing.T) (dir string) {
	t.Helper()
	above := t.TempDir()
	dir = filepath.Join(above, "music")
	for _, name := range []string{"secret.mp3", "music/song.mp3", "music/album/b.OGG", "music/album/a.flac", "music/notes.txt", "music/.hidden/c.mp3"} {
		path := filepath.Join(above, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if runtime.GOOS != "windows" { // where links take a privilege
		for link, to := range map[string]string{"out.mp3": "../secret.mp3", "up": "..", "in.mp3": "song.mp3"} {
			if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func open(t *testing.T, dir string) *folder {
	t.Helper()
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.close() })
	return f
}

func TestTheListHasSongsAndFilmsOnly(t *testing.T) {
	want := []string{"album/a.flac", "album/b.OGG", "song.mp3"}
	if got := open(t, tree(t)).list(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoNameLeadsOutOfTheFolder(t *testing.T) {
	dir := tree(t)
	f := open(t, dir)
	for _, name := range []string{
		"../secret.mp3", "album/../../secret.mp3", "/etc/passwd", filepath.Join(dir, "song.mp3"), "..", ".", "", "album", "album/", "none.mp3", "./song.mp3",
		"out.mp3", "up/secret.mp3", "up/music/song.mp3", `..\secret.mp3`, "song.mp3\x00",
	} {
		if path, err := f.path(name); err == nil {
			t.Errorf("%q is %s", name, path)
		}
		if r, err := f.open(name); err == nil {
			r.Close()
			t.Errorf("%q was opened", name)
		}
	}
}

func TestFilesOfTheFolderAreFound(t *testing.T) {
	dir := tree(t)
	f := open(t, dir)
	path, err := f.path("album/b.OGG")
	if err != nil || path != filepath.Join(dir, "album", "b.OGG") {
		t.Errorf("%s, %v", path, err)
	}
	r, err := f.open("song.mp3")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, _ := io.ReadAll(r); string(text) != "music/song.mp3" {
		t.Errorf("%q", text)
	}
}

func TestAFolderThatIsNoneIsAnError(t *testing.T) {
	for _, dir := range []string{filepath.Join(t.TempDir(), "none"), filepath.Join(tree(t), "song.mp3")} {
		if f, err := openFolder(dir); err == nil {
			f.close()
			t.Errorf("%s was opened", dir)
		}
	}
}
