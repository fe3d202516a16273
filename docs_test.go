package gotgcall_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// snippetImports are the packages that the documents' Go code may use, by the name before the dot.
var snippetImports = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "io": "io", "log": "log", "runtime": "runtime", "slog": "log/slog",
	"strings": "strings", "testing": "testing", "time": "time", "url": "net/url",
	"gotgcall": "gotgcall", "sfutest": "gotgcall/sfutest",
}

// snippetWorld is what the code of a document may use without having made it.
const snippetWorld = `
var serverURL, key string

func sentence() [][]byte { return nil }
func interrupted() bool  { return false }
`

var (
	snippetBlock    = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	snippetDeclares = regexp.MustCompile(`^(type|func|var|const) `)
	snippetPackage  = regexp.MustCompile(`\b([a-z]+)\.[A-Z]`)
)

// program makes a file that compiles of a document's code. Declarations stay as they are; statements become the body of a function that has a client, a
// chat and a signaler.
func program(snippet string) string {
	if strings.HasPrefix(snippet, "package ") {
		return snippet
	}
	var file strings.Builder
	file.WriteString("package snippet\n\n")
	body := snippet
	if !snippetDeclares.MatchString(snippet) {
		body = "func snippet(ctx context.Context, client *gotgcall.Client, chatID int64, signaler gotgcall.Signaler) error {\n" + snippet + "\treturn nil\n}\n"
	}
	var names []string
	for _, used := range snippetPackage.FindAllStringSubmatch(body, -1) {
		names = append(names, used[1])
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if path := snippetImports[name]; path != "" {
			fmt.Fprintf(&file, "import %q\n", path)
		}
	}
	file.WriteString(snippetWorld + body)
	return file.String()
}

// TestTheGoInTheDocumentsCompiles lays the documents' code over the tree as packages of their own, without writing there, and has the compiler check it.
func TestTheGoInTheDocumentsCompiles(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	must(t, err)
	scratch := t.TempDir()
	overlay := map[string]string{}
	var packages []string
	for _, document := range documents {
		text, err := os.ReadFile(document)
		must(t, err)
		name := strings.TrimSuffix(filepath.Base(document), ".md")
		for i, block := range snippetBlock.FindAllStringSubmatch(string(text), -1) {
			dir := fmt.Sprintf("internal/snippets/%s%d", name, i+1)
			file := filepath.Join(scratch, filepath.Base(dir)+".go")
			must(t, os.WriteFile(file, []byte(program(block[1])), 0o600))
			overlay[dir+"/snippet.go"] = file
			packages = append(packages, "./"+dir)
		}
	}
	if len(packages) < 10 {
		t.Fatalf("the documents have %d pieces of Go: %v", len(packages), packages)
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	must(t, err)
	overlayFile := filepath.Join(scratch, "overlay.json")
	must(t, os.WriteFile(overlayFile, list, 0o600))
	out, err := exec.Command("go", append([]string{"build", "-overlay", overlayFile}, packages...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: the number is the place of the code in its document\n%s", err, out)
	}
}

func TestTheDocumentOnSilentCallsHasEveryFinding(t *testing.T) {
	text, err := os.ReadFile("docs/NO_SOUND.md")
	must(t, err)
	source, err := os.ReadFile("models/stats.go")
	must(t, err)
	codes := regexp.MustCompile(`(?m)^\tFind\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 10 {
		t.Fatalf("models has the codes %v", codes)
	}
	for _, code := range codes {
		if !strings.Contains(string(text), "\n| `"+code[1]+"` | ") {
			t.Errorf("docs/NO_SOUND.md does not say what to do about %s", code[1])
		}
	}
}

func TestTheDocumentsNameTheGoOfTheModule(t *testing.T) {
	module, err := os.ReadFile("go.mod")
	must(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	for document, words := range map[string]string{"README.md": "Go %s or newer", "docs/VERSIONS.md": "go.mod names %s,"} {
		text, err := os.ReadFile(document)
		must(t, err)
		if want := fmt.Sprintf(words, version[1]); !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q", document, want)
		}
	}
}

// markdownLink is a link to a file of this repository.
var markdownLink = regexp.MustCompile(`\]\(([\w./-]+)(?:#[\w-]*)?\)`)

func TestLinksOfTheDocumentsLeadToFiles(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		names, err := filepath.Glob(pattern)
		must(t, err)
		documents = append(documents, names...)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		must(t, err)
		for _, link := range markdownLink.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), link[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, link[1], err)
			}
		}
	}
}
