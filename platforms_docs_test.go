package gotgcall_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestThePlatformsOfTheDocumentAreThoseThatAreCompiled(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		must(t, err)
		return string(text)
	}
	document := read("docs/PLATFORMS.md")
	compiled := regexp.MustCompile(`for platform in (.*); do`).FindStringSubmatch(read("scripts/cross.sh"))
	if compiled == nil {
		t.Fatal("scripts/cross.sh has no list of platforms")
	}
	want := append(strings.Fields(compiled[1]), "linux/amd64") // the one that all tests run on
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+/[a-z0-9]+)` \\| with every change \\|").FindAllStringSubmatch(document, -1) {
		rows = append(rows, m[1])
	}
	slices.Sort(want)
	slices.Sort(rows)
	if !slices.Equal(want, rows) {
		t.Errorf("docs/PLATFORMS.md has %v, and make cross compiles %v", rows, want)
	}
}
