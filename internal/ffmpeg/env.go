package ffmpeg

import (
	"runtime"
	"strings"
)

// A child gets from the program's environment only what is listed here: the rest may be tokens and passwords, which are none of its
// business. Names that end in "*" are prefixes.
var (
	plainEnv = []string{
		"PATH", "HOME", "TMPDIR", "TMP", "TEMP",
		"LANG", "LC_ALL", "LC_CTYPE", "TZ",
		"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
		"SSL_CERT_FILE", "SSL_CERT_DIR",
		"http_proxy", "https_proxy", "no_proxy", "all_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
		"FONTCONFIG_*",
	}
	// desktopEnv is for programs that show or capture a desktop.
	desktopEnv = []string{
		"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
		"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
		"PULSE_SERVER", "PIPEWIRE_*", "DBUS_SESSION_BUS_ADDRESS",
		"USER", "LOGNAME",
	}
	// windowsEnv is what Windows programs do not run without.
	windowsEnv = []string{"SystemRoot", "windir", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
)

// environment filters environ, a list of NAME=value.
func environment(environ []string, desktop bool) []string {
	allowed := plainEnv
	if desktop {
		allowed = append(allowed[:len(allowed):len(allowed)], desktopEnv...)
	}
	windows := runtime.GOOS == "windows"
	if windows {
		allowed = append(allowed[:len(allowed):len(allowed)], windowsEnv...)
	}
	out := []string{} // not nil, which would stand for the whole environment
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if matchesAny(name, allowed, windows) {
			out = append(out, e)
		}
	}
	return out
}

func matchesAny(name string, patterns []string, foldCase bool) bool {
	equal := func(a, b string) bool { return a == b || foldCase && strings.EqualFold(a, b) }
	for _, p := range patterns {
		prefix, open := strings.CutSuffix(p, "*")
		if equal(name, p) || open && len(name) > len(prefix) && equal(name[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}
