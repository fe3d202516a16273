#!/bin/sh
# each-module.sh [-examples] COMMAND...: runs the command in the library's folder and in each example that is a module of its own; with
# -examples in those alone. Those that take minutes, to compile or in a browser, are left out; with HEAVY=1 the command runs in them alone.
set -eu
cd "$(dirname "$0")/.."

heavy=' examples/bot-gotd examples/browsertest '

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
