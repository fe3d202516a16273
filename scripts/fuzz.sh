#!/bin/sh
# fuzz.sh TIME PACKAGE...: runs each fuzz target of the packages for TIME (10s, 5m, or 1000x for a number of inputs), two side by side with one worker
# each, because much of a short run is compiling and starting. FUZZ_JOBS=1 runs one at a time, with two workers.
set -eu
cd "$(dirname "$0")/.."

jobs=${FUZZ_JOBS:-2}
log=$(mktemp)
list=$(mktemp)
targets=$(mktemp)
trap 'rm -f "$log" "$list" "$targets"' EXIT

# attempt PACKAGE TARGET: one run, its output in $log.
attempt() {
  go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -parallel $((2 / jobs)) "$1" >"$log" 2>&1 </dev/null
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

# fuzz.sh --one TIME PACKAGE TARGET is how the script calls itself.
if [ "$1" = --one ]; then
  time=$2
  run "$3" "$4" || {
    cat "$log" >&2
    echo "$3 $4 failed; an input it wrote under testdata/fuzz/$4 belongs into the commit that mends it" >&2
    exit 1
  }
  printf '%s %s: %s\n' "$3" "$4" "$(grep '^fuzz: elapsed' "$log" | tail -n 1 | sed 's/^fuzz: //')"
  exit 0
fi

time=$1
shift
go list -f '{{.ImportPath}} {{.Dir}}' "$@" >"$list"
while read -r pkg dir; do
  # Only packages that may have a target are compiled; go test -list has the last word.
  grep -qs '^func Fuzz' "$dir"/*_test.go || continue
  go test -list '^Fuzz' "$pkg" >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    exit 1
  }
  sed -n "s|^Fuzz|$pkg Fuzz|p" "$log" >>"$targets"
done <"$list"
count=$(wc -l <"$targets")
if [ "$count" -eq 0 ]; then
  echo "no fuzz target in $*" >&2
  exit 1
fi
xargs -n 2 -P "$jobs" sh scripts/fuzz.sh --one "$time" <"$targets" || exit 1
echo "fuzz targets: $((count)), $time each"
