#!/bin/sh
# test-go.sh PACKAGE...: go test, shuffled, under the race detector. Where the detector cannot work (no cgo, no C compiler, a platform
# without it) the tests run without it and that is said; with CI set it is a failure instead.
set -eu
cd "$(dirname "$0")/.."

probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
printf 'package main\n\nfunc main() {}\n' >"$probe/main.go"

race=-race
if ! why=$(go run -race "$probe/main.go" 2>&1 </dev/null); then
  race=
  why=$(printf '%s\n' "$why" | grep -v '^#' | head -n 1)
  if [ -n "${CI:-}" ]; then
    echo "the race detector does not work here, and CI must have it: $why" >&2
    exit 1
  fi
  echo "WITHOUT the race detector, which does not work here: $why"
  echo "(it needs cgo and a C compiler: install gcc or clang and leave CGO_ENABLED unset)"
fi

echo "go test ${race:+$race }-shuffle=on $*"
all=
if [ "$*" = ./... ]; then
  all=yes
  set -- . ./media ./... # the two that take longest, and wait most, begin together
fi
# shellcheck disable=SC2086 # empty where there is no race detector
# Four tests side by side, because many of them wait: for a process of their own, or for real time to pass.
go test $race -shuffle=on -parallel 4 -timeout 15m "$@"

# The examples that are modules of their own go without the detector, for which their MTProto libraries would have to be compiled once more.
# What the bots do side by side is in the library's module, in examples/player.
[ -n "$all" ] || exit 0
CGO_ENABLED=0 sh scripts/each-module.sh -examples go test -shuffle=on -timeout 5m ./...
