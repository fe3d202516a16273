package gotgcall_test

import (
	"go/ast"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// functions are the functions and methods of one folder, its tests included, by name. Two of one name count as one.
type functions map[string]*function

type function struct {
	test  bool
	calls map[string]bool // names that stand in its body
	takes bool            // bytes, text or a reader
}

// functionsOf parses the library, folder by folder.
func functionsOf(t *testing.T) map[string]functions {
	t.Helper()
	all := map[string]functions{}
	eachFile(t, func(file string, parsed *ast.File) {
		folder := path.Dir(file)
		if all[folder] == nil {
			all[folder] = functions{}
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			known := all[folder][f.Name.Name]
			if known == nil {
				known = &function{test: strings.HasSuffix(file, "_test.go"), calls: map[string]bool{}}
				all[folder][f.Name.Name] = known
			}
			known.takes = known.takes || takesBytes(f.Type)
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if name, ok := n.(*ast.Ident); ok {
					known.calls[name.Name] = true
				}
				return true
			})
		}
	})
	return all
}

// takesBytes tells whether a function is given something to be parsed.
func takesBytes(f *ast.FuncType) bool {
	for _, p := range f.Params.List {
		switch of := p.Type.(type) {
		case *ast.Ident:
			if of.Name == "string" || of.Name == "value" || of.Name == "object" { // the last two are jsonparams' JSON
				return true
			}
		case *ast.ArrayType:
			if element, ok := of.Elt.(*ast.Ident); ok && (element.Name == "byte" || element.Name == "string") {
				return true
			}
		case *ast.SelectorExpr:
			if strings.HasPrefix(of.Sel.Name, "Reader") {
				return true
			}
		}
	}
	return false
}

// reached returns the names that a folder's fuzz targets come by.
func (all functions) reached() map[string]bool {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		f := all[name]
		if f == nil || seen[name] {
			return
		}
		seen[name] = true
		for called := range f.calls {
			visit(called)
		}
	}
	for name, f := range all {
		if f.test && strings.HasPrefix(name, "Fuzz") {
			visit(name)
		}
	}
	return seen
}

// parserName is what functions are called that make something of bytes.
var parserName = regexp.MustCompile(`(?i)^(parse|split|sniff|scan|unmarshal|decode|read|next|seek|inspect|redact|take|check|skip|probe)`)

// noParsers are functions that are called like parsers, and why none of them is one.
var noParsers = map[string]string{
	"checkFactor":                     "it is given a number, and its name",
	"internal/demux/oggtest/checksum": "it is for tests",
	"internal/ffmpeg/Read":            "it hands on what a pipe gives",
	"internal/ffmpeg/RedactAbout":     "FuzzStderr and FuzzEcho come by what it calls",
	"internal/ffmpeg/readNow":         "it hands on what a pipe gives",
	"internal/rtc/ReadFromAddrPort":   "it hands on what a socket gives; FuzzUnneeded comes by what it leaves out",
	"media/decodeInput":               "it makes arguments for ffmpeg of constants",
	"media/decodePicture":             "it makes arguments for ffmpeg of constants",
	"media/decodeSound":               "it makes arguments for ffmpeg of constants",
}

func TestEveryParserIsReachedByAFuzzTarget(t *testing.T) {
	parsers := 0
	for folder, all := range functionsOf(t) {
		reached := all.reached()
		for name, f := range all {
			if f.test || !f.takes || !parserName.MatchString(name) {
				continue
			}
			parsers++
			if key := path.Join(folder, name); !reached[name] && noParsers[key] == "" {
				t.Errorf("%s is called like a parser, and no fuzz target of its folder comes by it: write one, or say in noParsers why not", key)
			} else if reached[name] && noParsers[key] != "" {
				t.Errorf("%s stands in noParsers, and a fuzz target comes by it", key)
			}
		}
	}
	if parsers < 30 {
		t.Errorf("only %d parsers were found", parsers)
	}
}

// TestEveryFuzzTargetHasACommittedCorpus also finds corpora that no target reads any more.
func TestEveryFuzzTargetHasACommittedCorpus(t *testing.T) {
	targets := map[string]bool{}
	for folder, all := range functionsOf(t) {
		for name, f := range all {
			if f.test && strings.HasPrefix(name, "Fuzz") {
				targets[filepath.Join(filepath.FromSlash(folder), "testdata", "fuzz", name)] = true
			}
		}
	}
	if len(targets) < 30 {
		t.Errorf("only %d fuzz targets were found", len(targets))
	}
	for _, corpus := range slices.Sorted(maps.Keys(targets)) {
		entries, err := os.ReadDir(corpus)
		if err != nil || len(entries) == 0 {
			t.Errorf("%s has no input: commit those that broke something, or could", corpus)
		}
		for _, entry := range entries {
			text, err := os.ReadFile(filepath.Join(corpus, entry.Name()))
			must(t, err)
			if !strings.HasPrefix(string(text), "go test fuzz v1\n") {
				t.Errorf("%s is no input of go test -fuzz", filepath.Join(corpus, entry.Name()))
			}
		}
	}
	must(t, filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "examples" || path == "bench" || strings.HasPrefix(entry.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() && filepath.Base(filepath.Dir(path)) == "fuzz" && !targets[path] {
			t.Errorf("%s belongs to no fuzz target", path)
		}
		return nil
	}))
}
