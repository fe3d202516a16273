#!/bin/sh
# Makes sure that an nginx with the RTMP module is there, and says nothing if it is. A missing one is installed with the system's package manager,
# which is announced first; NO_INSTALL=1 prints the command instead. Its tests can be skipped: where it cannot be had, that is said and the
# exit status is 0. With CI set, an installation that fails is a failure.
set -eu

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# skip WHY: the tests do without it.
skip() {
  say "SKIPPED, the tests against a real RTMP server: $*"
  exit 0
}

# look: sets nginx and module to what is there, or to nothing.
look() {
  nginx="" module=""
  if have nginx; then
    nginx=nginx
  elif have "${SBIN:-/usr/sbin}/nginx"; then # not in every user's PATH
    nginx=${SBIN:-/usr/sbin}/nginx
  else
    return 0
  fi
  folder=$("$nginx" -V 2>&1 | tr ' ' '\n' | sed -n 's/^--modules-path=//p')
  if [ -n "$folder" ] && [ -f "$folder/ngx_rtmp_module.so" ]; then
    module=$folder/ngx_rtmp_module.so
  fi
}

look
[ -z "$module" ] || exit 0

if have apt-get; then
  prepare='apt-get -q update'
  install='apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends nginx libnginx-mod-rtmp'
elif have apk; then
  prepare=
  install='apk add --no-cache nginx nginx-mod-rtmp'
else
  skip "nginx with its RTMP module is missing, and it has a package only for apt-get and apk"
fi

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo '
command="${prepare:+$sudo$prepare && }$sudo$install"

if [ -n "$nginx" ]; then
  skip "this nginx has no RTMP module, and it may be in use, so nothing is done to it; this installs the module: $command"
fi
case ${NO_INSTALL:-0} in
0) ;;
*) skip "nginx is missing, and NO_INSTALL is set; this installs it: $command" ;;
esac
if [ -n "$sudo" ] && ! have sudo; then
  skip "nginx is missing, and installing it takes root but there is no sudo; run as root: ${prepare:+$prepare && }$install"
fi

say "nginx is missing; installing it: $command"
if [ -n "$prepare" ]; then
  # One unreachable list among many need not be in the way: installing decides.
  # shellcheck disable=SC2086 # words of a command
  $sudo $prepare </dev/null >&2 || say "(${prepare}: failed; trying to install all the same)"
fi
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive $install </dev/null >&2 || {
  [ -z "${CI:-}" ] || {
    say "could not install nginx; the command was: $command"
    exit 1
  }
  skip "could not install nginx; the command was: $command"
}

# Debian starts a server on port 80 with the package, and again at every boot. It was not there before, so nobody needs it.
as_root() { ${sudo:+sudo} "$@" </dev/null >/dev/null 2>&1 || :; }
! have service || as_root service nginx stop
if have systemctl; then
  as_root systemctl disable nginx
elif have update-rc.d; then
  as_root update-rc.d nginx disable
fi

hash -r
look
[ -n "$module" ] || {
  say "\"$install\" went through, but there is still no nginx with an RTMP module"
  exit 1
}
