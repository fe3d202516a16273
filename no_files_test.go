package gotgcall_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writers are the functions of package os by which files, folders and links come into being, or change.
var writers = []string{
	"Create", "CreateTemp", "WriteFile", "Mkdir", "MkdirAll", "MkdirTemp", "Rename", "Link", "Symlink", "Truncate", "Chmod", "Chtimes", "Remove", "RemoveAll",
	"OpenFile", "CopyFS",
}

// settings are files of the library that write where no file is.
var settings = map[string]string{
	"internal/ffmpeg/oom_linux.go": "/proc, where it tells the kernel about a child",
}

// TestTheLibraryWritesNoFiles reads its source: what a program that uses it is made of calls none of the writers.
func TestTheLibraryWritesNoFiles(t *testing.T) {
	outside := []string{"examples", "bench", "soak", "scripts", "testdata", "docs"} // no program imports these
	read := 0
	must(t, filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(outside, path) || strings.HasPrefix(name, ".") && path != "."):
			return filepath.SkipDir
		case settings[path] != "", d.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		must(t, err)
		read++
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if from, ok := call.X.(*ast.Ident); ok && from.Name == "os" && slices.Contains(writers, call.Sel.Name) {
					t.Errorf("%s uses os.%s", path, call.Sel.Name)
				}
			}
			return true
		})
		return nil
	}))
	if read < 100 {
		t.Errorf("only %d files were read", read)
	}
}
