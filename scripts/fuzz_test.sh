#!/bin/sh
# Tests fuzz.sh with a stub in the place of go: which targets are run, and what counts as a failure.
set -eu
cd "$(dirname "$0")"
# shellcheck source=scripts/assert.sh
. ./assert.sh

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin" "$root/with" "$root/without"
echo 'func FuzzPage(f *testing.F) {}' >"$root/with/page_test.go"
echo 'func TestPage(t *testing.T) {}' >"$root/without/page_test.go"

# The stub compiles the one package with targets into another stub, which lists two of them; running one takes the next file of $root/outcomes, whose
# last line is the exit status.
cat >"$root/bin/go" <<STUB
#!/bin/sh
case "\$*" in
"env GOCACHE") echo $root/cache ;;
"list "*) printf 'm/with $root/with\nm/without $root/without\n' ;;
"test -c -fuzz . -o "*" m/with")
  [ ! -f $root/broken ] || { echo 'page_test.go:3: undefined'; exit 1; }
  echo compiled >>"$root/compiled"
  cp $root/tests "\$6"
  ;;
*)
  echo "go \$* was not expected"
  exit 1
  ;;
esac
STUB
cat >"$root/tests" <<STUB
#!/bin/sh
[ "\$PWD" = "$root/with" ] || { echo "it runs in \$PWD"; exit 1; }
case "\$*" in
"-test.list ^Fuzz") printf 'FuzzPage\nFuzzLacing\n' ;;
*)
  echo "\$*" >>"$root/runs"
  n=\$(wc -l <"$root/runs")
  file=$root/outcomes/\$((n))
  [ -f "\$file" ] || file=$root/outcomes/good
  sed '\$d' "\$file"
  exit \$(tail -n 1 "\$file")
  ;;
esac
STUB
chmod +x "$root/bin/go" "$root/tests"

# outcome NAME STATUS OUTPUT
outcome() { printf '%b\n%s\n' "$3" "$2" >"$root/outcomes/$1"; }

fresh() {
  rm -rf "$root/outcomes" "$root/runs" "$root/broken" "$root/compiled"
  mkdir "$root/outcomes"
  : >"$root/runs"
  outcome good 0 'fuzz: elapsed: 3s, execs: 12 (4/sec), new interesting: 1 (total: 2)'
}

# run: one target at a time, unless jobs says otherwise.
run() {
  status=0
  said=$(PATH="$root/bin:$PATH" FUZZ_JOBS=${jobs:-1} sh ./fuzz.sh 3s ./... 2>&1) || status=$?
}

deadline='--- FAIL: FuzzPage (3.00s)\n    context deadline exceeded\nFAIL\nexit status 1\nFAIL\tm/with\t3.0s'

fresh
run
expect 'all good: status' 0 "$status"
expect 'all good: each target by its full name' "-test.run ^\$ -test.fuzz ^FuzzPage\$ -test.fuzztime 3s -test.parallel 2 -test.fuzzcachedir $root/cache/fuzz/m/with
-test.run ^\$ -test.fuzz ^FuzzLacing\$ -test.fuzztime 3s -test.parallel 2 -test.fuzzcachedir $root/cache/fuzz/m/with" "$(cat "$root/runs")"
expect 'all good: its package is compiled once' compiled "$(cat "$root/compiled")"
expect_in 'all good: which and how far' 'm/with FuzzLacing: elapsed: 3s, execs: 12' "$said"
expect_in 'all good: how many' 'fuzz targets: 2, 3s each' "$said"

fresh
jobs=2 run
expect 'side by side: status' 0 "$status"
expect 'side by side: each with one worker' "-test.run ^\$ -test.fuzz ^FuzzLacing\$ -test.fuzztime 3s -test.parallel 1 -test.fuzzcachedir $root/cache/fuzz/m/with
-test.run ^\$ -test.fuzz ^FuzzPage\$ -test.fuzztime 3s -test.parallel 1 -test.fuzzcachedir $root/cache/fuzz/m/with" "$(sort "$root/runs")"
expect_in 'side by side: how many' 'fuzz targets: 2, 3s each' "$said"

fresh
outcome 2 1 '--- FAIL: FuzzLacing (0.1s)\n    page_test.go:9: panic\n    Failing input written to testdata/fuzz/FuzzLacing/0a'
run
expect 'a finding: status' 1 "$status"
expect_in 'a finding: its words' 'Failing input written to' "$said"
expect_in 'a finding: what to do' 'm/with FuzzLacing failed; an input' "$said"

fresh
outcome 1 1 "$deadline"
run
expect "the engine's deadline: status" 0 "$status"
expect "the engine's deadline: once more" 3 "$(($(wc -l <"$root/runs")))"

fresh
outcome 1 1 "$deadline"
outcome 2 1 "$deadline"
run
expect 'the deadline twice: status' 1 "$status"

fresh
outcome 1 1 '--- FAIL: FuzzPage (1s)\n    page_test.go:9: Next: context deadline exceeded\n    context deadline exceeded'
run
expect "a target's own deadline: status" 1 "$status"
expect "a target's own deadline: no second try" 1 "$(grep -c FuzzPage "$root/runs")"

fresh
: >"$root/broken"
run
expect 'tests that do not compile: status' 1 "$status"
expect 'tests that do not compile: the reason, and no more' 'page_test.go:3: undefined' "$said"

fresh
mv "$root/with/page_test.go" "$root/with/page.go"
run
expect 'no target at all: status' 1 "$status"

summary fuzz.sh
