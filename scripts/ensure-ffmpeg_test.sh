#!/bin/sh
# Tests ensure-ffmpeg.sh in a PATH of stubs: what is called is written down and nothing is installed.
set -eu
cd "$(dirname "$0")"
# shellcheck source=scripts/stubs.sh
. ./stubs.sh

# ffmpeg_at FILE ENCODERS STATUS: an ffmpeg that lists these encoders.
ffmpeg_at() {
  printf '#!/bin/sh\necho "%s"\nexit %d\n' "$2" "$3" >"$1"
  chmod +x "$1"
}

# machine UID PROGRAM...: an empty machine without ffmpeg, with these package managers (or sudo).
machine() {
  user=$1
  shift
  empty "$user" sh env tail cat cp chmod
  ffmpeg_at "$root/good" 'A..... libopus' 0
  managers "case \"\$*\" in *install*|add*|-S\\ *|-Sy\\ *) cp '$root/good' '$bin/ffmpeg' ;; esac" "$@"
}

run() { run_script ensure-ffmpeg.sh "$@"; }

apt_install="$apt_get ffmpeg"

# An ffmpeg that is there.
machine 0 apt-get
ffmpeg_at "$bin/ffmpeg" 'A..... libopus' 0
run
expect 'there: status' 0 "$status"
expect 'there: silent' '' "$said"
expect 'there: nothing called' '' "$called"

ffmpeg_at "$bin/ffmpeg" 'A..... aac' 0
run
expect 'no libopus: status' 1 "$status"
expect_in 'no libopus: said' 'no libopus encoder' "$said"
expect 'no libopus: nothing called' '' "$called"

ffmpeg_at "$bin/ffmpeg" 'error while loading libopus.so.0' 127
run
expect 'broken: status' 1 "$status"
expect_in 'broken: the reason' 'does not run: error while loading libopus.so.0' "$said"

# FFMPEG names one.
machine 0 apt-get
mkdir -p "$root/own"
ffmpeg_at "$root/own/ffmpeg" 'A..... libopus' 0
run FFMPEG="$root/own/ffmpeg"
expect 'FFMPEG: status' 0 "$status"
run FFMPEG="$root/nowhere/ffmpeg"
expect 'FFMPEG missing: status' 1 "$status"
expect_in 'FFMPEG missing: said' 'there is no such program' "$said"
cp "$root/own/ffmpeg" "$root/own/avconv"
run FFMPEG="$root/own/avconv"
expect 'FFMPEG of another name: status' 1 "$status"
expect_in 'FFMPEG of another name: said' 'a program named ffmpeg' "$said"
expect 'FFMPEG: nothing called' '' "$called"

# Each package manager, as root: what is called, and that it is announced.
installs() { # MANAGERS CALLS ANNOUNCED
  # shellcheck disable=SC2086 # a list
  machine 0 $1
  run
  expect "$1: status" 0 "$status"
  expect "$1: calls" "$2" "$called"
  expect "$1: said" "ffmpeg is missing; installing it: $3" "$said"
}
installs apt-get "$apt_update | $apt_install" "$apt_update && $apt_install"
installs dnf 'dnf -y install /usr/bin/ffmpeg' 'dnf -y install /usr/bin/ffmpeg'
installs apk 'apk add --no-cache ffmpeg' 'apk add --no-cache ffmpeg'
installs pacman 'pacman -Si ffmpeg | pacman -S --noconfirm --needed ffmpeg' 'pacman -S --noconfirm --needed ffmpeg'
installs brew 'brew install ffmpeg' 'brew install ffmpeg'
installs 'brew apt-get' "$apt_update | $apt_install" "$apt_update && $apt_install"

machine 0
stub pacman "case \$1 in -Si) exit 1 ;; *) cp '$root/good' '$bin/ffmpeg' ;; esac"
run
expect 'pacman without lists: calls' 'pacman -Si ffmpeg | pacman -Sy --noconfirm --needed ffmpeg' "$called"

# Not root.
machine 1000 apk sudo
run
expect 'sudo: status' 0 "$status"
expect 'sudo: calls' 'sudo env DEBIAN_FRONTEND=noninteractive NONINTERACTIVE=1 apk add --no-cache ffmpeg | apk add --no-cache ffmpeg' "$called"
expect_in 'sudo: announced' 'installing it: sudo apk add' "$said"

machine 1000 apt-get sudo
run
expect_in 'sudo: both commands' 'sudo apt-get -q update | apt-get' "$called"
expect_in 'sudo: both announced' "sudo $apt_update && sudo $apt_install" "$said"

machine 1000 brew sudo
run
expect 'brew: never through sudo' 'brew install ffmpeg' "$called"

machine 1000 apt-get
run
expect 'no sudo: status' 1 "$status"
expect 'no sudo: nothing called' '' "$called"
expect_in 'no sudo: the command' "run as root: $apt_update && $apt_install" "$said"

# NO_INSTALL.
machine 1000 apt-get sudo
run NO_INSTALL=1
expect 'NO_INSTALL: status' 1 "$status"
expect 'NO_INSTALL: nothing called' '' "$called"
expect 'NO_INSTALL: one line' "ffmpeg is missing, and NO_INSTALL is set; this installs it: sudo $apt_update && sudo $apt_install" "$said"
run NO_INSTALL=0
expect 'NO_INSTALL=0: installs' 0 "$status"
run NO_INSTALL=1
expect 'NO_INSTALL, ffmpeg there: status' 0 "$status"

# What goes wrong.
machine 0
run
expect 'no manager: status' 1 "$status"
expect_in 'no manager: said' 'no apt-get, dnf, apk, pacman or brew' "$said"

machine 0
stub apt-get "case \$* in *update) exit 100 ;; *) cp '$root/good' '$bin/ffmpeg' ;; esac"
run
expect 'update fails, install works: status' 0 "$status"

machine 0
stub dnf 'echo "no match"; exit 1'
run
expect 'install fails: status' 1 "$status"
expect_in 'install fails: its words' 'no match' "$said"
expect_in 'install fails: the command' 'the command was: dnf -y install' "$said"

machine 0
stub dnf 'exit 0'
run
expect 'install without effect: status' 1 "$status"
expect_in 'install without effect: said' 'still no ffmpeg' "$said"

machine 0
ffmpeg_at "$root/poor" 'A..... aac' 0
stub dnf "cp '$root/poor' '$bin/ffmpeg'"
run
expect 'installed without libopus: status' 1 "$status"
expect_in 'installed without libopus: said' 'no libopus encoder' "$said"

summary ensure-ffmpeg.sh
