package gotgcall_test

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

// exported calls visit with each exported name that a file declares at its top level, but for methods.
func exported(file *ast.File, visit func(name *ast.Ident, spec ast.Spec)) {
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok == token.IMPORT {
			continue
		}
		for _, spec := range decl.Specs {
			var names []*ast.Ident
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = []*ast.Ident{spec.Name}
			case *ast.ValueSpec:
				names = spec.Names
			}
			for _, name := range names {
				if name.IsExported() {
					visit(name, spec)
				}
			}
		}
	}
}

// TestTheRootHasEveryNameOfModels: a program needs no other import for them, as the comment of package models says.
func TestTheRootHasEveryNameOfModels(t *testing.T) {
	root, models := map[string]bool{}, map[string]bool{}
	eachFile(t, func(name string, file *ast.File) {
		switch {
		case strings.HasSuffix(name, "_test.go"):
		case path.Dir(name) == ".":
			exported(file, func(name *ast.Ident, _ ast.Spec) { root[name.Name] = true })
		case path.Dir(name) == "models":
			exported(file, func(name *ast.Ident, _ ast.Spec) { models[name.Name] = true })
		}
	})
	if len(models) < 50 {
		t.Fatalf("models has only %d names: %v", len(models), models)
	}
	for name := range models {
		if !root[name] {
			t.Errorf("models.%s has no name at the root", name)
		}
	}
}

// TestTheCommentOfAnAliasLeadsToItsType: go doc shows neither fields nor methods of an alias.
func TestTheCommentOfAnAliasLeadsToItsType(t *testing.T) {
	aliases := 0
	eachFile(t, func(name string, file *ast.File) {
		if path.Dir(name) != "." || strings.HasSuffix(name, "_test.go") {
			return
		}
		exported(file, func(name *ast.Ident, spec ast.Spec) {
			alias, ok := spec.(*ast.TypeSpec)
			if !ok || !alias.Assign.IsValid() {
				return
			}
			aliases++
			of, ok := alias.Type.(*ast.SelectorExpr)
			if !ok {
				t.Fatalf("%s is an alias of %T", name.Name, alias.Type)
			}
			if want := "See [" + of.X.(*ast.Ident).Name + "." + of.Sel.Name + "]."; !strings.HasSuffix(strings.TrimSpace(alias.Doc.Text()), want) {
				t.Errorf("the comment of %s does not end with %q", name.Name, want)
			}
		})
	})
	if aliases < 20 {
		t.Errorf("only %d aliases were found", aliases)
	}
}
