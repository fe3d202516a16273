#!/bin/sh
# Builds every example into a folder that is thrown away: those of the library's module, and those that are modules of their own.
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

mains=$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./...)
if [ -n "$mains" ]; then
  # shellcheck disable=SC2086 # one import path a word
  go build -buildvcs=false -o "$out/" $mains
  # shellcheck disable=SC2086
  printf 'built %s\n' $mains
fi

for mod in examples/*/go.mod; do
  [ -f "$mod" ] || continue
  dir=$(dirname "$mod")
  (cd "$dir" && go build -buildvcs=false -o "$out/" ./...) || {
    echo "$dir does not build; to see it alone: cd $dir && go vet ./..." >&2
    exit 1
  }
  echo "built $dir (a module of its own)"
done
