#!/bin/sh
# Makes sure that what the network lab works with is there (ip, tc, nft), and says nothing if it is. What is missing is installed with the system's
# package manager, which is announced first; NO_INSTALL=1 prints the command instead. The lab can be skipped: where it cannot be, that is said and the
# exit status is 0. With CI set, an installation that fails is a failure.
set -eu
# shellcheck source=scripts/packages.sh
. "${0%/*}/packages.sh"

# refuse WHY: the tests do without it.
refuse() {
  say "SKIPPED, the network lab: $*"
  exit 0
}

# there: are all of them there? They are not in every user's PATH.
there() {
  for tool in ip tc nft; do
    have "$tool" || have "${SBIN:-/usr/sbin}/$tool" || return 1
  done
}

[ "$(uname)" = Linux ] || refuse "it needs the network namespaces of Linux"
if have unshare; then
  users=
  [ "$(id -u)" = 0 ] || users='--user --map-root-user'
  # shellcheck disable=SC2086 # words of a command, or nothing
  why=$(unshare $users --net true 2>&1) || refuse "no network namespace can be made, which takes root or user namespaces: $why"
fi
! there || exit 0

offer apt-get iproute2 nftables
offer dnf iproute iproute-tc nftables
offer apk iproute2 nftables
offer pacman iproute2 nftables
[ -n "$install" ] || refuse "ip, tc or nft is missing, and there is no apt-get, dnf, apk or pacman to install iproute2 and nftables with"
install_offered 'ip, tc or nft'
there || {
  say "\"$install\" went through, but ip, tc or nft is still missing"
  exit 1
}
