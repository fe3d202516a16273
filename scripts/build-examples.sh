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

# shellcheck disable=SC2016 # for the inner shell
sh scripts/each-module.sh -examples sh -c 'go build -buildvcs=false -o "$1/" ./... && echo "built ${PWD##*/} (a module of its own)"' sh "$out"
