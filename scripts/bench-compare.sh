#!/bin/sh
# bench-compare.sh REF PACKAGE...: runs the Go benchmarks of another commit and of this tree, and shows by benchstat what has changed. Both take
# turns, so that what else the machine does in these minutes disturbs both alike. COUNT=n is how often; it defaults to 6, the least that benchstat takes for sure.
set -eu
cd "$(dirname "$0")/.."

version=v0.0.0-20260908200009-22c9c6c9d4da

if [ -z "${1:-}" ]; then
  echo "name the commit to compare with: make bench-compare REF=HEAD~1" >&2
  exit 2
fi
commit=$(git rev-parse --verify --quiet "$1^{commit}") || {
  echo "REF=$1 is no commit of this repository" >&2
  exit 2
}
shift

temp=$(mktemp -d)
# shellcheck disable=SC2064 # the folder of now
trap "git worktree remove --force '$temp/tree'; rm -rf '$temp'" EXIT
trap 'exit 1' HUP INT TERM
git worktree add --quiet --detach "$temp/tree" "$commit"
prefix=$(git rev-parse --show-prefix)

# round FOLDER OUTPUT PACKAGE...: one run of all benchmarks. Packages that a commit does not have yet are left out.
round() {
  (
    cd "$1"
    out=$2
    shift 2
    go list -e -f '{{if and .GoFiles (not .Error)}}{{.ImportPath}}{{end}}' "$@" | xargs go test -run '^$' -bench . -benchmem >>"$out"
  )
}

n=1
while [ "$n" -le "${COUNT:-6}" ]; do
  echo "round $n of ${COUNT:-6}"
  round "$temp/tree/$prefix" "$temp/before" "$@"
  round . "$temp/after" "$@"
  n=$((n + 1))
done
go run "golang.org/x/perf/cmd/benchstat@$version" "before=$temp/before" "after=$temp/after"
