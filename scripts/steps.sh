#!/bin/sh
# steps.sh TARGET...: runs make targets one after the other, says how long each took, and stops at the first that fails.
# A target may carry variables: "fuzz T=3s".
set -eu

now() { date +%s; }

begin=$(now)
for step; do
  start=$(now)
  printf '\n== make %s\n' "$step"
  # shellcheck disable=SC2086 # the step's words are the target and its variables
  if "${MAKE:-make}" --no-print-directory $step; then
    printf '== make %s: ok, %d s\n' "$step" $(($(now) - start))
  else
    printf '\n== stopped: "make %s" failed after %d s. To run it alone: make %s\n' "$step" $(($(now) - start)) "$step" >&2
    exit 1
  fi
done
printf '\n== all %d steps passed, %d s\n' $# $(($(now) - begin))
