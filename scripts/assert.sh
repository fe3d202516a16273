# shellcheck shell=sh
# Sourced by the tests of the scripts: counts what passed, and ends with a line that says so.

passed=0
failed=0

# expect WHAT WANT GOT: equal strings.
expect() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n  want: %s\n  got:  %s\n' "$1" "$2" "$3"
  fi
}

# expect_in WHAT PART WHOLE: a string that contains another.
expect_in() {
  case $3 in
  *"$2"*) passed=$((passed + 1)) ;;
  *) expect "$1" "…$2…" "$3" ;;
  esac
}

# summary SCRIPT: the closing line; fails if anything did.
summary() {
  printf '%s: %d passed, %d failed\n' "$1" "$passed" "$failed"
  [ "$failed" = 0 ]
}
