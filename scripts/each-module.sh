#!/bin/sh
# each-module.sh COMMAND...: runs the command in the library's folder and in each example that is a module of its own.
set -eu
cd "$(dirname "$0")/.."

"$@"
for mod in examples/*/go.mod; do
  [ -f "$mod" ] || continue
  (cd "$(dirname "$mod")" && "$@") || {
    echo "\"$*\" failed in $(dirname "$mod")" >&2
    exit 1
  }
done
