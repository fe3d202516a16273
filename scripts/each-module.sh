#!/bin/sh
# each-module.sh [-examples] COMMAND...: runs the command in the library's folder and in each example that is a module of its own; with
# -examples in those alone. One whose dependencies take minutes to compile is left out; with HEAVY=1 the command runs in such ones alone.
set -eu
cd "$(dirname "$0")/.."

heavy=' examples/bot-gotd '

if [ "$1" = -examples ]; then
  shift
elif [ -z "${HEAVY:-}" ]; then
  "$@"
fi
for mod in examples/*/go.mod; do
  [ -f "$mod" ] || continue
  dir=$(dirname "$mod")
  case "$heavy" in
  *" $dir "*) is=1 ;;
  *) is= ;;
  esac
  [ "$is" = "${HEAVY:-}" ] || continue
  (cd "$dir" && "$@") || {
    echo "\"$*\" failed in $dir" >&2
    exit 1
  }
done
