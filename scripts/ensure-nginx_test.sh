#!/bin/sh
# Tests ensure-nginx.sh in a PATH of stubs: what is called is written down and nothing is installed.
set -eu
cd "$(dirname "$0")"
# shellcheck source=scripts/stubs.sh
. ./stubs.sh

# nginx_at FILE FOLDER: an nginx that looks for its modules there.
nginx_at() {
  printf '#!/bin/sh\necho "configure arguments: --a=b --modules-path=%s --with-c" >&2\n' "$2" >"$1"
  chmod +x "$1"
}

# machine UID PROGRAM...: an empty machine without nginx, with these programs. Package managers install an nginx with the module.
machine() {
  user=$1
  shift
  empty "$user" sh env tr sed cp touch chmod
  rm -rf "$root/modules"
  mkdir "$root/modules"
  nginx_at "$root/nginx" "$root/modules"
  managers "case \"\$*\" in *install*|add*) cp '$root/nginx' '$sbin/nginx'; touch '$root/modules/ngx_rtmp_module.so' ;; esac" "$@"
}

run() { run_script ensure-nginx.sh "$@"; }

apt_install="$apt_get nginx libnginx-mod-rtmp"

# One that is there, in PATH or beside it.
for place in "$bin" "$sbin"; do
  machine 0 apt-get service
  nginx_at "$place/nginx" "$root/modules"
  touch "$root/modules/ngx_rtmp_module.so"
  run CI=true
  expect "there: status" 0 "$status"
  expect "there: silent" '' "$said"
  expect "there: nothing called" '' "$called"
done

# One without the module is left alone.
machine 0 apt-get service systemctl
nginx_at "$bin/nginx" "$root/modules"
run
expect 'no module: status' 0 "$status"
expect 'no module: nothing called' '' "$called"
expect_in 'no module: said' 'SKIPPED' "$said"
expect_in 'no module: the command' "nothing is done to it; this installs the module: $apt_update && $apt_install" "$said"

# Installing. What Debian starts then is stopped.
machine 0 apt-get service systemctl update-rc.d
run
expect 'apt-get: status' 0 "$status"
expect 'apt-get: calls' "$apt_update | $apt_install | service nginx stop | systemctl disable nginx" "$called"
expect 'apt-get: said' "nginx is missing; installing it: $apt_update && $apt_install" "$said"

machine 0 apt-get service update-rc.d
run
expect 'without systemd: calls' "$apt_update | $apt_install | service nginx stop | update-rc.d nginx disable" "$called"

machine 0 apk
run
expect 'apk: status' 0 "$status"
expect 'apk: calls' 'apk add --no-cache nginx nginx-mod-rtmp' "$called"

machine 1000 apt-get sudo service
run
expect 'sudo: status' 0 "$status"
expect_in 'sudo: both announced' "sudo $apt_update && sudo $apt_install" "$said"
expect_in 'sudo: stops it' 'sudo service nginx stop' "$called"

# Where it cannot be had.
machine 0 dnf pacman brew
run CI=true
expect 'no package: status' 0 "$status"
expect 'no package: nothing called' '' "$called"
expect_in 'no package: said' 'SKIPPED, the tests against a real RTMP server: nginx with its RTMP module is missing' "$said"

machine 1000 apt-get
run
expect 'no sudo: status' 0 "$status"
expect 'no sudo: nothing called' '' "$called"
expect_in 'no sudo: the command' "run as root: $apt_update && $apt_install" "$said"

machine 1000 apt-get sudo
run NO_INSTALL=1
expect 'NO_INSTALL: status' 0 "$status"
expect 'NO_INSTALL: nothing called' '' "$called"
expect_in 'NO_INSTALL: the command' "NO_INSTALL is set; this installs it: sudo $apt_update && sudo $apt_install" "$said"

# What goes wrong.
machine 0 service
stub apt-get 'echo "no route"; exit 100'
run
expect 'install fails: status' 0 "$status"
expect_in 'install fails: its words' 'no route' "$said"
expect_in 'install fails: skipped' "SKIPPED, the tests against a real RTMP server: could not install nginx; the command was: $apt_update && $apt_install" "$said"
expect 'install fails: nothing is stopped' "$apt_update | $apt_install" "$called"
run CI=true
expect 'install fails in CI: status' 1 "$status"

machine 0
stub apk 'exit 0'
run
expect 'install without effect: status' 1 "$status"
expect_in 'install without effect: said' 'still no nginx with an RTMP module' "$said"

summary ensure-nginx.sh
