#!/bin/sh
# Makes sure that an ffmpeg with libopus is there, and says nothing if it is. A missing one is installed with the system's package manager,
# which is announced first; NO_INSTALL=1 prints the command and fails instead. FFMPEG=/path/to/ffmpeg asks about that one and installs nothing.
set -eu

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# check: does the ffmpeg that is there do?
check() {
  if ! encoders=$("$ffmpeg" -hide_banner -encoders 2>&1 </dev/null); then
    say "$ffmpeg does not run: $(printf '%s\n' "$encoders" | tail -n 1)"
    return 1
  fi
  case $encoders in
  *libopus*) ;;
  *)
    say "$(command -v "$ffmpeg") has no libopus encoder, which everything here needs: install a build of ffmpeg that has it, or name one with FFMPEG=/path/to/ffmpeg"
    return 1
    ;;
  esac
}

ffmpeg=${FFMPEG:-ffmpeg}
case $ffmpeg in
ffmpeg | */ffmpeg) ;;
*)
  say "FFMPEG=$ffmpeg: expected the path of a program named ffmpeg, whose folder can be put into PATH"
  exit 1
  ;;
esac
if have "$ffmpeg"; then
  check
  exit
fi
if [ "$ffmpeg" != ffmpeg ]; then
  say "FFMPEG=$ffmpeg: there is no such program"
  exit 1
fi

# The command, as root. Names differ: Fedora calls its build ffmpeg-free and RPM Fusion calls its own ffmpeg, so dnf is asked for the file.
if have apt-get; then
  prepare='apt-get -q update'
  install='apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends ffmpeg'
elif have dnf; then
  prepare=
  install='dnf -y install /usr/bin/ffmpeg'
elif have apk; then
  prepare=
  install='apk add --no-cache ffmpeg'
elif have pacman; then
  # A package list is fetched only where there is none yet: renewing it alone would leave the system half upgraded.
  prepare=
  if pacman -Si ffmpeg >/dev/null 2>&1; then
    install='pacman -S --noconfirm --needed ffmpeg'
  else
    install='pacman -Sy --noconfirm --needed ffmpeg'
  fi
elif have brew; then
  prepare=
  install='brew install ffmpeg'
else
  say "ffmpeg is missing and there is no apt-get, dnf, apk, pacman or brew to install it with: install an ffmpeg with libopus yourself"
  exit 1
fi

# brew refuses to run as root; the others need it.
sudo=
case $install in
brew*) ;;
*) [ "$(id -u)" = 0 ] || sudo='sudo ' ;;
esac
command="${prepare:+$sudo$prepare && }$sudo$install"

case ${NO_INSTALL:-0} in
0) ;;
*)
  say "ffmpeg is missing, and NO_INSTALL is set; this installs it: $command"
  exit 1
  ;;
esac
if [ -n "$sudo" ] && ! have sudo; then
  say "ffmpeg is missing, and installing it takes root but there is no sudo; run as root: ${prepare:+$prepare && }$install"
  exit 1
fi

say "ffmpeg is missing; installing it: $command"
if [ -n "$prepare" ]; then
  # One unreachable list among many need not be in the way: installing decides.
  # shellcheck disable=SC2086 # words of a command
  $sudo $prepare </dev/null >&2 || say "(${prepare}: failed; trying to install all the same)"
fi
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive NONINTERACTIVE=1 $install </dev/null >&2 || {
  say "could not install ffmpeg; the command was: $command"
  exit 1
}
hash -r
have ffmpeg || {
  say "\"$install\" went through, but there is still no ffmpeg in PATH"
  exit 1
}
check
