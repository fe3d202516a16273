#!/bin/sh
# Makes sure that an ffmpeg with libopus is there, and says nothing if it is. A missing one is installed with the system's package manager,
# which is announced first; NO_INSTALL=1 prints the command and fails instead. FFMPEG=/path/to/ffmpeg asks about that one and installs nothing.
set -eu
# shellcheck source=scripts/packages.sh
. "${0%/*}/packages.sh"

# refuse WHY: nothing here works without it.
refuse() {
  say "$*"
  exit 1
}

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

offer apt-get ffmpeg
offer dnf /usr/bin/ffmpeg # Fedora calls its build ffmpeg-free and RPM Fusion calls its own ffmpeg, so dnf is asked for the file
offer apk ffmpeg
offer pacman ffmpeg
offer brew ffmpeg
[ -n "$install" ] || refuse "ffmpeg is missing and there is no apt-get, dnf, apk, pacman or brew to install it with: install an ffmpeg with libopus yourself"
install_offered ffmpeg
have ffmpeg || {
  say "\"$install\" went through, but there is still no ffmpeg in PATH"
  exit 1
}
check
