#!/bin/sh
# Names the files that gofmt would change, and fails if there is one.
set -eu
cd "$(dirname "$0")/.."

files=$(gofmt -s -l .)
[ -n "$files" ] || exit 0
printf '%s\nnot formatted; "make fmt" does it\n' "$files" >&2
exit 1
