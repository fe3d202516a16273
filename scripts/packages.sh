# shellcheck shell=sh
# Sourced by the ensure scripts: how what is missing is installed with the system's package manager, which is announced first; NO_INSTALL=1 prints the
# command instead. The script that sources this defines refuse WHY, which ends it where nothing can be installed.

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

prepare=
install=
sudo=

# offer MANAGER PACKAGE...: what to install if this package manager is there. The first one that is there counts.
offer() {
  manager=$1
  shift
  [ -z "$install" ] || return 0
  have "$manager" || return 0
  case $manager in
  apt-get)
    prepare='apt-get -q update'
    install="apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $*"
    ;;
  dnf) install="dnf -y install $*" ;;
  apk) install="apk add --no-cache $*" ;;
  pacman)
    # A package list is fetched only where there is none yet: renewing it alone would leave the system half upgraded.
    if pacman -Si "$1" >/dev/null 2>&1; then
      install="pacman -S --noconfirm --needed $*"
    else
      install="pacman -Sy --noconfirm --needed $*"
    fi
    ;;
  brew) install="brew install $*" ;; # refuses to run as root
  esac
  [ "$manager" = brew ] || [ "$(id -u)" = 0 ] || sudo='sudo '
}

# command_line: prints what install_offered runs.
command_line() { printf '%s' "${prepare:+$sudo$prepare && }$sudo$install"; }

# install_offered WHAT: installs what was offered. With CI set, an installation that fails is a failure.
install_offered() {
  case ${NO_INSTALL:-0} in
  0) ;;
  *) refuse "$1 is missing, and NO_INSTALL is set; this installs it: $(command_line)" ;;
  esac
  if [ -n "$sudo" ] && ! have sudo; then
    refuse "$1 is missing, and installing it takes root but there is no sudo; run as root: ${prepare:+$prepare && }$install"
  fi

  say "$1 is missing; installing it: $(command_line)"
  if [ -n "$prepare" ]; then
    # One unreachable list among many need not be in the way: installing decides.
    # shellcheck disable=SC2086 # words of a command
    $sudo $prepare </dev/null >&2 || say "(${prepare}: failed; trying to install all the same)"
  fi
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive NONINTERACTIVE=1 $install </dev/null >&2 || {
    failure="could not install $1; the command was: $(command_line)"
    [ -z "${CI:-}" ] || {
      say "$failure"
      exit 1
    }
    refuse "$failure"
  }
  hash -r
}
