package gotgcall_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Documents whose tables promise something and name the tests that show it.
const (
	reliability = "docs/RELIABILITY.md"
	security    = "docs/SECURITY.md"
)

// openRowsMayOnlyGoDown is how many promises of docs/RELIABILITY.md no test shows; docs/SECURITY.md has none. Lower it with each row that gets one; never raise it.
const openRowsMayOnlyGoDown = 0

// notShown is the last cell of a promise that no test shows.
const notShown = "not shown yet"

var (
	namedTests = regexp.MustCompile("`([^`:]+): ([^`]+)`")
	testsCell  = regexp.MustCompile("^`[\\w./]+: (Test|Fuzz)\\w+(, (Test|Fuzz)\\w+)*`(, `[\\w./]+: (Test|Fuzz)\\w+(, (Test|Fuzz)\\w+)*`)*$")
)

// promise is a row of the document: what is done and promised, and what shows it.
type promise struct{ text, shown string }

// promises returns the rows of a document's tables, table by table.
func promises(t *testing.T, document string) (tables [][]promise) {
	t.Helper()
	text, err := os.ReadFile(document)
	must(t, err)
	inside := false
	for line := range strings.Lines(string(text)) {
		row, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		switch {
		case !isRow:
			inside = false
			continue
		case !inside: // the head
			inside = true
			tables = append(tables, nil)
			continue
		case strings.HasPrefix(row, "---"):
			continue
		}
		cells := strings.Split(strings.TrimSuffix(row, " |"), " | ")
		if len(cells) != 3 {
			t.Fatalf("a row with %d cells, expected 3: %s", len(cells), line)
		}
		last := len(tables) - 1
		tables[last] = append(tables[last], promise{text: cells[0] + ": " + cells[1], shown: cells[2]})
	}
	return tables
}

// testsOf returns the names of the test functions of a folder, whatever platform they are for.
func testsOf(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	must(t, err)
	names := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

func TestTheTestsNamedByTheReliabilityAndSecurityDocumentsExist(t *testing.T) {
	folders := map[string]map[string]bool{}
	for document, least := range map[string]int{reliability: 8, security: 5} {
		named := map[string]bool{}
		for _, table := range promises(t, document) {
			for _, p := range table {
				if p.shown == notShown {
					continue
				}
				if !testsCell.MatchString(p.shown) {
					t.Errorf("%s: %s\nis shown by «%s», expected `folder: TestName, TestName` or %q", document, p.text, p.shown, notShown)
					continue
				}
				for _, m := range namedTests.FindAllStringSubmatch(p.shown, -1) {
					named[m[1]] = true
					if folders[m[1]] == nil {
						folders[m[1]] = testsOf(t, m[1])
					}
					for name := range strings.SplitSeq(m[2], ", ") {
						if !folders[m[1]][name] {
							t.Errorf("%s: %s\nis shown by %s, which folder %s does not have", document, p.text, name, m[1])
						}
					}
				}
			}
		}
		if len(named) < least {
			t.Errorf("%s: only %d folders are named", document, len(named))
		}
	}
}

func TestTheReliabilityDocumentHasNoMoreOpenRowsThanBefore(t *testing.T) {
	open := 0
	for _, table := range promises(t, reliability) {
		before := open
		for _, p := range table {
			if p.shown == notShown {
				open++
			} else if open > before {
				t.Errorf("%s\nstands behind a row that is %s; those come last", p.text, notShown)
			}
		}
	}
	if open != openRowsMayOnlyGoDown {
		t.Errorf("%d rows are %s, expected %d: of more, show one; of fewer, lower openRowsMayOnlyGoDown", open, notShown, openRowsMayOnlyGoDown)
	}
}

func TestTheSecurityDocumentClaimsNothingThatNoTestShows(t *testing.T) {
	for _, table := range promises(t, security) {
		for _, p := range table {
			if p.shown == notShown {
				t.Errorf("%s\nis %s: what does not protect yet stands under \"Not protected\"", p.text, notShown)
			}
		}
	}
}
