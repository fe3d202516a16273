#!/bin/sh
# Makes sure that a Chromium is there, and says nothing if it is. A missing one is installed with the system's package manager, which is announced
# first; NO_INSTALL=1 prints the command instead. Its tests can be skipped: where it cannot be had, that is said and the exit status is 0.
# With CI set, an installation that fails is a failure. CHROMIUM=/path/to/it names one, and installs nothing.
set -eu
# shellcheck source=scripts/packages.sh
. "${0%/*}/packages.sh"

# refuse WHY: the tests do without it.
refuse() {
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

offer apt-get chromium # Ubuntu's package of this name brings a snap, which may not work in containers; its tests then say so
offer dnf chromium
offer apk chromium
offer pacman chromium
[ -n "$install" ] ||
  refuse "Chromium is missing, and there is no apt-get, dnf, apk or pacman to install it with; CHROMIUM=/path/to/it names one, also a Chrome"
install_offered Chromium
there || {
  say "\"$install\" went through, but there is still no Chromium in PATH"
  exit 1
}
