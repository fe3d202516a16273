#!/bin/sh
# fuzz.sh TIME PACKAGE...: runs each fuzz target of the packages for TIME (10s, 5m, or 1000x for a number of inputs), two side by side with one worker
# each, because much of a short run is starting. FUZZ_JOBS=1 runs one at a time, with two workers.
#
# MODULE=examples/tempstream looks for the packages in that module instead of the library's.
#
# Each package is compiled once. "go test -fuzz" would link it anew for each of its targets, which takes longer than a short run of one.
set -eu
cd "$(dirname "$0")/.."
self=$PWD/scripts/fuzz.sh
cd "${MODULE:-.}"

jobs=${FUZZ_JOBS:-2}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# binary PACKAGE: where its compiled tests are; its folder is beside it, in .dir.
binary() { printf '%s/%s' "$FUZZ_WORK" "$(printf %s "$1" | tr / _)"; }

# attempt PACKAGE TARGET: one run, where "go test -fuzz" would run it and keep what it finds, its output in $log.
attempt() {
  (
    cd "$(cat "$(binary "$1").dir")"
    "$(binary "$1")" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$time" -test.parallel $((2 / jobs)) -test.fuzzcachedir "$FUZZ_CACHE/$1"
  ) >"$log" 2>&1 </dev/null
}

# out_of_time: did the run fail only because its time was up? The fuzzing engine of Go before 1.27 sometimes reports its own deadline as a
# failure of the target (go.dev/issue/75804). A real failure says more than that one line.
out_of_time() {
  grep -q '^ *context deadline exceeded$' "$log" && ! grep -Eqi 'failing input|panic|fatal|hung|\.go:[0-9]+:' "$log"
}

# run PACKAGE TARGET: an attempt, and another one if the first only ran out of time.
run() {
  attempt "$1" "$2" && return
  out_of_time || return 1
  echo "$1 $2: the engine tripped over its own deadline; once more"
  attempt "$1" "$2"
}

# fuzz.sh --compile PACKAGE and fuzz.sh --one TIME PACKAGE TARGET are how the script calls itself.
case $1 in
--compile)
  go test -c -fuzz . -o "$(binary "$2")" "$2" >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    exit 1
  }
  exit 0
  ;;
--one)
  time=$2
  run "$3" "$4" || {
    cat "$log" >&2
    echo "$3 $4 failed; an input it wrote under testdata/fuzz/$4 belongs into the commit that mends it" >&2
    exit 1
  }
  printf '%s %s: %s\n' "$3" "$4" "$(grep '^fuzz: elapsed' "$log" | tail -n 1 | sed 's/^fuzz: //')"
  exit 0
  ;;
esac

refuse() {
  echo "no fuzz target in $1" >&2
  exit 1
}

time=$1
shift
FUZZ_WORK=$(mktemp -d)
trap 'rm -rf "$log" "$FUZZ_WORK"' EXIT
FUZZ_CACHE=$(go env GOCACHE)/fuzz
export FUZZ_WORK FUZZ_CACHE
list=$FUZZ_WORK/.list
packages=$FUZZ_WORK/.packages
targets=$FUZZ_WORK/.targets
go list -f '{{.ImportPath}} {{.Dir}}' "$@" >"$list"
while read -r pkg dir; do
  # Only packages that may have a target are compiled; what is compiled has the last word.
  grep -qs '^func Fuzz' "$dir"/*_test.go || continue
  printf '%s\n' "$dir" >"$(binary "$pkg").dir"
  printf '%s\n' "$pkg" >>"$packages"
done <"$list"
[ -s "$packages" ] || refuse "$*"
xargs -n 1 -P "$jobs" sh "$self" --compile <"$packages" || exit 1
while read -r pkg; do
  (cd "$(cat "$(binary "$pkg").dir")" && "$(binary "$pkg")" -test.list '^Fuzz') >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    exit 1
  }
  sed -n "s|^Fuzz|$pkg Fuzz|p" "$log" >>"$targets"
done <"$packages"
[ -s "$targets" ] || refuse "$*"
xargs -n 2 -P "$jobs" sh "$self" --one "$time" <"$targets" || exit 1
echo "fuzz targets: $(($(wc -l <"$targets"))), $time each"
