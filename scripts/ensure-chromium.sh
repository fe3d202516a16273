#!/bin/sh
# Makes sure that a Chromium is there, and says nothing if it is. A missing one is installed with the system's package manager, which is announced
# first; NO_INSTALL=1 prints the command instead. Its tests can be skipped: where it cannot be had, that is said and the exit status is 0.
# With CI set, an installation that fails is a failure. CHROMIUM=/path/to/it names one, and installs nothing.
set -eu

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# skip WHY: the tests do without it.
skip() {
  say "SKIPPED, the tests in a browser: $*"
  exit 0
}

# there: is one of those that the tests look for there?
there() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    ! have "$name" || return 0
  done
  return 1
}

if [ -n "${CHROMIUM:-}" ]; then
  have "$CHROMIUM" || {
    say "CHROMIUM=$CHROMIUM: there is no such program"
    exit 1
  }
  exit 0
fi
! there || exit 0

if have apt-get; then
  # Ubuntu's package of this name brings a snap, which may not work in containers; its tests then say so.
  prepare='apt-get -q update'
  install='apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends chromium'
elif have dnf; then
  prepare=
  install='dnf -y install chromium'
elif have apk; then
  prepare=
  install='apk add --no-cache chromium'
elif have pacman; then
  prepare=
  install='pacman -S --noconfirm --needed chromium'
else
  skip "Chromium is missing, and there is no apt-get, dnf, apk or pacman to install it with; CHROMIUM=/path/to/it names one, also a Chrome"
fi

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo '
command="${prepare:+$sudo$prepare && }$sudo$install"

case ${NO_INSTALL:-0} in
0) ;;
*) skip "Chromium is missing, and NO_INSTALL is set; this installs it: $command" ;;
esac
if [ -n "$sudo" ] && ! have sudo; then
  skip "Chromium is missing, and installing it takes root but there is no sudo; run as root: ${prepare:+$prepare && }$install"
fi

say "Chromium is missing; installing it: $command"
if [ -n "$prepare" ]; then
  # One unreachable list among many need not be in the way: installing decides.
  # shellcheck disable=SC2086 # words of a command
  $sudo $prepare </dev/null >&2 || say "(${prepare}: failed; trying to install all the same)"
fi
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive $install </dev/null >&2 || {
  [ -z "${CI:-}" ] || {
    say "could not install Chromium; the command was: $command"
    exit 1
  }
  skip "could not install Chromium; the command was: $command"
}
hash -r
there || {
  say "\"$install\" went through, but there is still no Chromium in PATH"
  exit 1
}
