#!/bin/sh
# Tests ensure-lab.sh in a PATH of stubs: what is called is written down and nothing is installed.
set -eu
cd "$(dirname "$0")"
# shellcheck source=scripts/stubs.sh
. ./stubs.sh

# machine UID PROGRAM...: an empty Linux, with these programs. Package managers install nft.
machine() {
  user=$1
  shift
  empty "$user" sh env cp
  silent "$bin/uname" 'echo Linux'
  silent "$sbin/ip" :
  silent "$sbin/tc" :
  managers "case \"\$*\" in *install*|add*|-S\\ *) cp '$sbin/ip' '$sbin/nft' ;; esac" "$@"
}

run() { run_script ensure-lab.sh "$@"; }

apt_install="$apt_get iproute2 nftables"

# They are there, in PATH or beside it.
for place in "$bin" "$sbin"; do
  machine 0 apt-get
  silent "$place/nft" :
  run CI=true
  expect 'there: status' 0 "$status"
  expect 'there: silent' '' "$said"
  expect 'there: nothing called' '' "$called"
done

# Where the lab cannot be.
machine 0 apt-get
silent "$bin/uname" 'echo Darwin'
run CI=true
expect 'another system: status' 0 "$status"
expect 'another system: said' 'SKIPPED, the network lab: it needs the network namespaces of Linux' "$said"
expect 'another system: nothing called' '' "$called"

for user in 0 1000; do
  machine "$user" apt-get sudo
  stub unshare 'echo "unshare: Operation not permitted"; exit 1'
  run CI=true
  expect "no privileges, $user: status" 0 "$status"
  expect_in "no privileges, $user: said" 'takes root or user namespaces: unshare: Operation not permitted' "$said"
done
expect 'no privileges: a user asks for a user namespace' 'unshare --user --map-root-user --net true' "$called"

# Installing.
machine 0 apt-get
stub unshare :
run
expect 'apt-get: status' 0 "$status"
expect 'apt-get: calls' "unshare --net true | $apt_update | $apt_install" "$called"
expect 'apt-get: said' "ip, tc or nft is missing; installing it: $apt_update && $apt_install" "$said"

for calls_of in 'dnf -y install iproute iproute-tc nftables' 'apk add --no-cache iproute2 nftables' \
  'pacman -Si iproute2 | pacman -S --noconfirm --needed iproute2 nftables'; do
  machine 0 "${calls_of%% *}"
  run
  expect "$calls_of: status" 0 "$status"
  expect "$calls_of: calls" "$calls_of" "$called"
done

machine 1000 apk sudo
run
expect_in 'sudo: announced' 'installing it: sudo apk add' "$said"

machine 1000 apt-get sudo
run NO_INSTALL=1
expect 'NO_INSTALL: status' 0 "$status"
expect 'NO_INSTALL: nothing called' '' "$called"
expect_in 'NO_INSTALL: the command' "NO_INSTALL is set; this installs it: sudo $apt_update && sudo $apt_install" "$said"

# What goes wrong.
machine 0 brew
run CI=true
expect 'no package: status' 0 "$status"
expect_in 'no package: said' 'SKIPPED, the network lab: ip, tc or nft is missing' "$said"

machine 0
stub apt-get 'echo "no route"; exit 100'
run
expect 'install fails: status' 0 "$status"
expect_in 'install fails: its words' 'no route' "$said"
expect_in 'install fails: skipped' "SKIPPED, the network lab: could not install ip, tc or nft; the command was: $apt_update && $apt_install" "$said"
run CI=true
expect 'install fails in CI: status' 1 "$status"

machine 0
stub apk 'exit 0'
run
expect 'install without effect: status' 1 "$status"
expect_in 'install without effect: said' 'still missing' "$said"

summary ensure-lab.sh
