#!/bin/sh
# Compiles the library, its examples and its tests for platforms other than this one. Nothing is run, so nothing is optimised either: that
# saves a quarter of the time.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

for platform in windows/amd64 darwin/arm64 linux/arm linux/386 freebsd/amd64; do
  echo "$platform"
  (
    export GOOS="${platform%/*}" GOARCH="${platform#*/}"
    go build -gcflags='all=-N -l' ./...
    # The analyzers have had their say in "make vet"; a single cheap one makes vet type-check the test files too.
    go vet -gcflags='all=-N -l' -buildtag ./...
  ) || {
    echo "does not compile for $platform" >&2
    exit 1
  }
done
