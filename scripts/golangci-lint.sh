#!/bin/sh
# golangci-lint.sh ARGUMENT...: golangci-lint at the pinned version. Built from the module proxy into .tools/ when that version, built by
# this Go, is not there yet: a linter built by an older Go than the one in use refuses to run.
set -eu
cd "$(dirname "$0")/.."

version=v2.15.0
bin=".tools/golangci-lint-$version-$(go env GOVERSION)"

if [ ! -x "$bin" ]; then
  echo "building golangci-lint $version, once: a minute or two"
  mkdir -p .tools
  build=$(mktemp -d "$PWD/.tools/build.XXXXXX")
  trap 'rm -rf "$build"' EXIT
  CGO_ENABLED=0 GOBIN="$build" go install -ldflags='-s -w' "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  rm -f .tools/golangci-lint-*
  mv "$build/golangci-lint" "$bin"
fi

case ${1:-} in
run) CGO_ENABLED=0 sh scripts/each-module.sh "$PWD/$bin" run --allow-serial-runners ;;
*) CGO_ENABLED=0 "$bin" "$@" ;;
esac
