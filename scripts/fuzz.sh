#!/bin/sh
# fuzz.sh TIME PACKAGE...: runs each fuzz target of the packages for TIME (10s, 5m, or 1000x for a number of inputs), one at a time.
set -eu
cd "$(dirname "$0")/.."

time=$1
shift

log=$(mktemp)
list=$(mktemp)
trap 'rm -f "$log" "$list"' EXIT

# attempt PACKAGE TARGET: one run, its output in $log.
attempt() {
  go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -parallel 2 "$1" >"$log" 2>&1 </dev/null
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

go list -f '{{.ImportPath}} {{.Dir}}' "$@" >"$list"
count=0
while read -r pkg dir; do
  # Only packages that may have a target are compiled; go test -list has the last word.
  grep -qs '^func Fuzz' "$dir"/*_test.go || continue
  go test -list '^Fuzz' "$pkg" >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    exit 1
  }
  for target in $(grep '^Fuzz' "$log" || true); do
    count=$((count + 1))
    run "$pkg" "$target" || {
      cat "$log" >&2
      echo "$pkg $target failed; an input it wrote under testdata/fuzz/$target belongs into the commit that mends it" >&2
      exit 1
    }
    printf '%s %s: %s\n' "$pkg" "$target" "$(grep '^fuzz: elapsed' "$log" | tail -n 1 | sed 's/^fuzz: //')"
  done
done <"$list"
if [ "$count" = 0 ]; then
  echo "no fuzz target in $*" >&2
  exit 1
fi
echo "fuzz targets: $count, $time each"
