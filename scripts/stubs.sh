# shellcheck shell=sh
# Sourced by the tests of the scripts that install something: a PATH of stubs. What is called is written down, and nothing is installed.
# shellcheck source=scripts/assert.sh
. ./assert.sh

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
bin=$root/bin
sbin=$root/sbin
calls=$root/calls

# stub NAME BODY: a program in the fake PATH that writes down how it was called.
stub() {
  printf '#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' "$1" "$calls" "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

# silent FILE BODY: a program that does not.
silent() {
  printf '#!/bin/sh\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

# empty UID TOOL...: a machine with these tools of the system and nothing else. id tells the UID.
empty() {
  rm -rf "$bin" "$sbin" "$calls"
  mkdir "$bin" "$sbin"
  : >"$calls"
  silent "$bin/id" "echo $1"
  shift
  for tool; do
    ln -s "$(command -v "$tool")" "$bin/$tool"
  done
}

# managers BODY PROGRAM...: adds package managers that do what BODY says, and sudo.
managers() {
  body=$1
  shift
  for program; do
    case $program in
    sudo) stub sudo 'exec "$@"' ;;
    *) stub "$program" "$body" ;;
    esac
  done
}

# run_script SCRIPT [NAME=VALUE...]: sets status, said (all that was printed) and called (the calls, joined by " | ").
run_script() {
  script=$1
  shift
  status=0
  said=$(env -i PATH="$bin" SBIN="$sbin" "$@" sh "$PWD/$script" 2>&1 </dev/null) || status=$?
  called=$(awk 'NR > 1 { printf " | " } { printf "%s", $0 }' "$calls")
}

apt_update='apt-get -q update'
apt_get='apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends'
