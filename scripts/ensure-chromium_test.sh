#!/bin/sh
# Tests ensure-chromium.sh in a PATH of stubs: what is called is written down and nothing is installed.
set -eu
cd "$(dirname "$0")"
# shellcheck source=scripts/stubs.sh
. ./stubs.sh

# machine UID PROGRAM...: an empty machine without a browser, with these programs. Package managers install one.
machine() {
  user=$1
  shift
  empty "$user" sh env cp
  managers "case \"\$*\" in *install*|add*|-S*) cp '$bin/id' '$bin/chromium' ;; esac" "$@"
}

run() { run_script ensure-chromium.sh "$@"; }

apt_install="$apt_get chromium"

# One that is there.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  machine 0 apt-get
  cp "$bin/id" "$bin/$name"
  run CI=true
  expect "$name: status" 0 "$status"
  expect "$name: silent" '' "$said"
  expect "$name: nothing called" '' "$called"
done

machine 0 apt-get
cp "$bin/id" "$bin/mine"
run CHROMIUM="$bin/mine"
expect 'named: status' 0 "$status"
expect 'named: nothing called' '' "$called"
run CHROMIUM="$bin/none"
expect 'named and missing: status' 1 "$status"
expect_in 'named and missing: said' 'there is no such program' "$said"

# Installing.
machine 0 apt-get
run
expect 'apt-get: status' 0 "$status"
expect 'apt-get: calls' "$apt_update | $apt_install" "$called"
expect 'apt-get: said' "Chromium is missing; installing it: $apt_update && $apt_install" "$said"

for calls_of in 'dnf -y install chromium' 'apk add --no-cache chromium' 'pacman -Si chromium | pacman -S --noconfirm --needed chromium'; do
  machine 0 "${calls_of%% *}"
  run
  expect "$calls_of: status" 0 "$status"
  expect "$calls_of: calls" "$calls_of" "$called"
done

machine 1000 apt-get sudo
run
expect 'sudo: status' 0 "$status"
expect_in 'sudo: both announced' "sudo $apt_update && sudo $apt_install" "$said"

# Where it cannot be had.
machine 0 brew
run CI=true
expect 'no package: status' 0 "$status"
expect_in 'no package: said' 'SKIPPED, the tests in a browser: Chromium is missing' "$said"

machine 1000 apt-get
run
expect 'no sudo: status' 0 "$status"
expect_in 'no sudo: the command' "run as root: $apt_update && $apt_install" "$said"

machine 1000 apt-get sudo
run NO_INSTALL=1
expect 'NO_INSTALL: status' 0 "$status"
expect 'NO_INSTALL: nothing called' '' "$called"
expect_in 'NO_INSTALL: the command' "NO_INSTALL is set; this installs it: sudo $apt_update && sudo $apt_install" "$said"

# What goes wrong.
machine 0
stub apt-get 'echo "no route"; exit 100'
run
expect 'install fails: status' 0 "$status"
expect_in 'install fails: its words' 'no route' "$said"
expect_in 'install fails: skipped' "SKIPPED, the tests in a browser: could not install Chromium; the command was: $apt_update && $apt_install" "$said"
run CI=true
expect 'install fails in CI: status' 1 "$status"

machine 0
stub apk 'exit 0'
run
expect 'install without effect: status' 1 "$status"
expect_in 'install without effect: said' 'still no Chromium in PATH' "$said"

summary ensure-chromium.sh
