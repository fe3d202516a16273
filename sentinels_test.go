package gotgcall_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// sourceFile is a parsed file of the library.
type sourceFile struct {
	path string
	file *ast.File
}

// sourceFiles are the Go files of the library, examples and benches left out.
var sourceFiles = sync.OnceValues(func() (all []sourceFile, err error) {
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || path == "examples" || path == "bench"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, sourceFile{filepath.ToSlash(path), file})
		return err
	})
	return all, err
})

// eachFile visits the Go files of the library.
func eachFile(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	files, err := sourceFiles()
	must(t, err)
	for _, f := range files {
		visit(f.path, f.file)
	}
}

// sentinelName is what the library's sentinel errors are called.
var sentinelName = regexp.MustCompile(`^Err[A-Z]\w*$`)

// compares tells whether a call is one by which tests compare errors.
func compares(f ast.Expr) bool {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name == "is"
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		return ok && x.Name == "errors" && f.Sel.Name == "Is"
	}
	return false
}

// comparesErrors tells whether a function compares errors; those that it names are then what it expects, in calls and in tables.
func comparesErrors(f *ast.FuncDecl) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && compares(call.Fun) {
			found = true
		}
		return !found
	})
	return found
}

// namesOf notes the sentinel errors that a function names but does not give, as a Signaler of a test does.
func namesOf(f *ast.FuncDecl, expected map[string]bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			return false
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			return !ok || s.Sel.Name != "Errorf" // a text, or an error that is made
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && (x.Name == "models" || x.Name == "gotgcall") {
				expected[n.Sel.Name] = true
			}
		}
		return true
	})
}

// TestEverySentinelErrorIsGivenAndExpected: each one is wrapped somewhere in the library, and some test compares an error with it.
func TestEverySentinelErrorIsGivenAndExpected(t *testing.T) {
	declared, given, expected := map[string]bool{}, map[string]bool{}, map[string]bool{}
	eachFile(t, func(path string, file *ast.File) {
		isTest, own := strings.HasSuffix(path, "_test.go"), path == "errors.go" || path == "models/errors.go"
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for _, name := range n.Names {
					if own && sentinelName.MatchString(name.Name) {
						declared[name.Name] = true
					}
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "models" && !isTest && !own {
					given[n.Sel.Name] = true
				}
			case *ast.FuncDecl:
				if isTest && path != "seed_test.go" && comparesErrors(n) {
					namesOf(n, expected)
				}
			}
			return true
		})
	})
	if len(declared) < 20 {
		t.Fatalf("errors.go has only %d sentinel errors", len(declared))
	}
	for name := range declared {
		if !given[name] {
			t.Errorf("nothing in the library gives %s", name)
		}
		if !expected[name] {
			t.Errorf("no test compares an error with %s", name)
		}
	}
}
