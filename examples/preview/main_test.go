package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotgcall/internal/leak"
)

func TestThePageIsServedUntilCtrlC(t *testing.T) {
	leak.Check(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, complaint bytes.Buffer
	seen := 0
	code := run(ctx, []string{"-folder", t.TempDir()}, writerFunc(func(b []byte) (int, error) {
		if _, rest, ok := strings.Cut(string(b), "The page is at "); ok {
			address := strings.Fields(rest)[0]
			go func() {
				defer interrupt()
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				if r, err := client.Get(address); err == nil {
					r.Body.Close()
					seen = r.StatusCode
				}
			}()
		}
		return out.Write(b)
	}), &complaint)
	if code != exitGood || seen != http.StatusOK || complaint.Len() > 0 {
		t.Errorf("exit code %d, status %d\n%s%s", code, seen, &out, &complaint)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestFlagsThatCannotBeUsedAreToldInOneLine(t *testing.T) {
	for what, args := range map[string][]string{
		"a flag that does not exist": {"-nonsense"},
		"port 0":                     {"-port", "0"},
		"a port too high":            {"-port", "65536"},
		"a missing film":             {filepath.Join(t.TempDir(), "none.mp4")},
		"a folder as a film":         {t.TempDir()},
	} {
		var out, complaint bytes.Buffer
		code := run(t.Context(), args, &out, &complaint)
		if code != exitUnusable || strings.Count(complaint.String(), "\n") != 1 || !strings.HasPrefix(complaint.String(), "preview: ") {
			t.Errorf("%s: exit code %d and %q", what, code, complaint.String())
		}
	}
}

func TestWhatIsPlayedFirstAndWhatCanBeChosen(t *testing.T) {
	dir := t.TempDir()
	film := filepath.Join(dir, "film.mp4")
	if err := os.WriteFile(film, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := parse([]string{"https://example.com/a?key=1", film}, &bytes.Buffer{})
	if err != nil || s.folder != dir || len(s.first) != 2 || s.first[0].Kind != kindURL || s.first[1].Kind != kindGiven {
		t.Errorf("%+v, %v", s, err)
	}
	if s.first[0].shown() != "https://example.com/…" || s.first[1].shown() != "film.mp4" {
		t.Errorf("shown as %s and %s", s.first[0].shown(), s.first[1].shown())
	}
	if s, err = parse(nil, &bytes.Buffer{}); err != nil || len(s.first) != 2 || filepath.Base(s.folder) != "testdata" {
		t.Errorf("without arguments: %+v, %v", s, err)
	}
	if s, err = parse([]string{"-folder", dir}, &bytes.Buffer{}); err != nil || len(s.first) != 0 || s.folder != dir {
		t.Errorf("with a folder alone: %+v, %v", s, err)
	}
}
