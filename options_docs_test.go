package gotgcall

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// row is a line of a table: what stands in its cells, by the head of the column.
type row map[string]string

// tables returns the rows of the tables of docs/OPTIONS.md by their first cell, those of options and those of fields.
func tables(t *testing.T) (options, fields map[string]row) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("docs", "OPTIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	options, fields = map[string]row{}, map[string]row{}
	var head []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "|") {
			head = nil
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil:
			head = cells
			continue
		case strings.HasPrefix(cells[0], "---"):
			continue
		case len(cells) != len(head):
			t.Fatalf("a row with %d cells in a table of %d columns: %s", len(cells), len(head), line)
		}
		r := row{}
		for i, h := range head {
			r[h] = cells[i]
		}
		table := map[string]map[string]row{"option": options, "field": fields}[head[0]]
		table[strings.Trim(cells[0], "`")] = r
	}
	return options, fields
}

// parse returns the declarations of a folder's Go files, tests left out.
func parse(t *testing.T, folder string) (*token.FileSet, []ast.Decl) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var decls []ast.Decl
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	return set, decls
}

// declaredOptions returns the signatures of all functions that return an Option.
func declaredOptions(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	set, decls := parse(t, ".")
	for _, d := range decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
			continue
		}
		if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); !ok || result.Name != "Option" {
			continue
		}
		var text strings.Builder
		if err := printer.Fprint(&text, set, &ast.FuncType{Params: f.Type.Params}); err != nil {
			t.Fatal(err)
		}
		found[f.Name.Name+strings.TrimPrefix(text.String(), "func")] = true
	}
	return found
}

// sameNames fails unless both have the same names.
func sameNames[A, B any](t *testing.T, what string, code map[string]A, docs map[string]B) {
	t.Helper()
	for name := range code {
		if _, ok := docs[name]; !ok {
			t.Errorf("docs/OPTIONS.md lacks the %s %s", what, name)
		}
	}
	for name := range docs {
		if _, ok := code[name]; !ok {
			t.Errorf("docs/OPTIONS.md has the %s %s, which does not exist", what, name)
		}
	}
}

func TestTheTableOfOptionsIsThatOfTheCode(t *testing.T) {
	options, _ := tables(t)
	declared := declaredOptions(t)
	if len(declared) < 20 {
		t.Fatalf("%d options were found in the code: %v", len(declared), declared)
	}
	sameNames(t, "option", declared, options)

	c := defaultConfig()
	defaults := map[string]string{
		"WithDTLSCertPool":       fmt.Sprint(c.certificates),
		"WithDispatchBuffer":     fmt.Sprint(c.dispatchBuffer),
		"WithConnectTimeout":     fmt.Sprint(c.connectTimeout),
		"WithICEPreConnectDelay": fmt.Sprint(c.iceDelay),
		"WithNetworkTypes":       strings.ReplaceAll(strings.Trim(fmt.Sprint(c.networkTypes), "[]"), " ", ", "),
		"WithICETimeouts":        fmt.Sprintf("%s, %s, %s", c.iceTimeouts.Disconnected, c.iceTimeouts.Failed, c.iceTimeouts.Keepalive),
	}
	for signature, r := range options {
		name, _, _ := strings.Cut(signature, "(")
		want, known := defaults[name]
		delete(defaults, name)
		if got := r["default"]; known && got != "`"+want+"`" || !known && strings.HasPrefix(got, "`") {
			t.Errorf("%s: the default is %s in docs/OPTIONS.md and %q in the code", name, got, want)
		}
	}
	for name := range defaults {
		t.Errorf("docs/OPTIONS.md lacks %s", name)
	}
	if c.maxProcesses != 0 || c.iceChecks != 0 || c.urlPolicy != nil || c.logger != nil || c.iceServers != nil || c.logs != (logSwitches{}) {
		t.Errorf("a default is not what docs/OPTIONS.md says in words: %+v", c)
	}
}

// rangeRE finds "1 to 100" at the beginning of a cell.
var rangeRE = regexp.MustCompile(`^(-?[\d.]+) to ([\d.]+)`)

func TestTheRangesInTheTableOfOptionsAreThoseOfTheCode(t *testing.T) {
	options, _ := tables(t)
	for name, option := range map[string]func(int) Option{
		"WithMaxProcesses": WithMaxProcesses, "WithDTLSCertPool": WithDTLSCertPool, "WithICEMaxBindingRequests": WithICEMaxBindingRequests,
	} {
		m := rangeRE.FindStringSubmatch(options[name+"(n int)"]["range"])
		if m == nil {
			t.Errorf("%s: docs/OPTIONS.md has no range", name)
			continue
		}
		least, _ := strconv.Atoi(m[1])
		most, _ := strconv.Atoi(m[2])
		for n, good := range map[int]bool{least - 1: false, least: true, most: true, most + 1: false} {
			c := defaultConfig()
			option(n)(&c)
			if err := c.validate(); (err == nil) != good {
				t.Errorf("%s(%d): docs/OPTIONS.md says %s, and the error is %v", name, n, m[0], err)
			}
		}
	}
}

func TestTheTableOfEncodeOptionsIsThatOfTheCode(t *testing.T) {
	_, fields := tables(t)
	complete := reflect.ValueOf(EncodeOptions{}.Complete())
	declared := map[string]bool{}
	for i := range complete.NumField() {
		declared[complete.Type().Field(i).Name] = true
	}
	sameNames(t, "field", declared, fields)
	for name, r := range fields {
		value := complete.FieldByName(name)
		if !value.IsValid() {
			continue
		}
		want := ""
		if !value.IsZero() {
			want = fmt.Sprint(value)
		}
		if name == "Tracks" {
			want = map[string]string{"audio": "TrackAudio"}[want]
		}
		if got := r["zero means"]; want != "" && got != "`"+want+"`" || want == "" && strings.HasPrefix(got, "`") {
			t.Errorf("%s: zero means %s in docs/OPTIONS.md and %q in the code", name, got, want)
		}
	}
}

func TestTheRangesInTheTableOfEncodeOptionsAreThoseOfTheCode(t *testing.T) {
	_, fields := tables(t)
	checked := 0
	for name, r := range fields {
		m := rangeRE.FindStringSubmatch(r["range"])
		if m == nil {
			continue
		}
		checked++
		least, _ := strconv.ParseFloat(m[1], 64)
		most, _ := strconv.ParseFloat(m[2], 64)
		var o EncodeOptions
		field := reflect.ValueOf(&o).Elem().FieldByName(name)
		step, set := 1.0, func(v float64) { field.SetInt(int64(v)) }
		if field.CanFloat() {
			step, set = 0.001, field.SetFloat
		}
		for v, good := range map[float64]bool{least - step: false, least: true, most: true, most + step: false} {
			set(v)
			if err := o.Validate(); v != 0 && (err == nil) != good { // 0 is the default
				t.Errorf("%s: %v: docs/OPTIONS.md says %s, and the error is %v", name, v, m[0], err)
			}
		}
	}
	if checked < 9 {
		t.Errorf("%d ranges were checked", checked)
	}
}
