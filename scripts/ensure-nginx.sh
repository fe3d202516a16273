#!/bin/sh
# Makes sure that an nginx with the RTMP module is there, and says nothing if it is. A missing one is installed with the system's package manager,
# which is announced first; NO_INSTALL=1 prints the command instead. Its tests can be skipped: where it cannot be had, that is said and the
# exit status is 0. With CI set, an installation that fails is a failure.
set -eu
# shellcheck source=scripts/packages.sh
. "${0%/*}/packages.sh"

# refuse WHY: the tests do without it.
refuse() {
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

offer apt-get nginx libnginx-mod-rtmp
offer apk nginx nginx-mod-rtmp
[ -n "$install" ] || refuse "nginx with its RTMP module is missing, and it has a package only for apt-get and apk"
[ -z "$nginx" ] ||
  refuse "this nginx has no RTMP module, and it may be in use, so nothing is done to it; this installs the module: $(command_line)"
install_offered nginx

# Debian starts a server on port 80 with the package, and again at every boot. It was not there before, so nobody needs it.
as_root() { ${sudo:+sudo} "$@" </dev/null >/dev/null 2>&1 || :; }
! have service || as_root service nginx stop
if have systemctl; then
  as_root systemctl disable nginx
elif have update-rc.d; then
  as_root update-rc.d nginx disable
fi

look
[ -n "$module" ] || {
  say "\"$install\" went through, but there is still no nginx with an RTMP module"
  exit 1
}
