package ffmpeg

import (
	"runtime"
	"slices"
	"testing"
)

func TestTheEnvironmentIsAnAllowList(t *testing.T) {
	environ := []string{"PATH=/bin", "HOME=/root", "BOT_TOKEN=secret", "API_HASH=secret", "http_proxy=http://p", "HTTPS_PROXY=http://q", "FONTCONFIG_FILE=f",
		"FONTCONFIG=no", "PATHS=no", "DISPLAY=:0", "PIPEWIRE_REMOTE=r", "XDG_RUNTIME_DIR=/run", "XDG_DATA_HOME=no", "=C:=C:\\", "noequals", "LD_PRELOAD=no", "TZ=UTC=0"}
	plain := []string{"PATH=/bin", "HOME=/root", "http_proxy=http://p", "HTTPS_PROXY=http://q", "FONTCONFIG_FILE=f", "TZ=UTC=0"}
	desktop := []string{"PATH=/bin", "HOME=/root", "http_proxy=http://p", "HTTPS_PROXY=http://q", "FONTCONFIG_FILE=f", "DISPLAY=:0", "PIPEWIRE_REMOTE=r",
		"XDG_RUNTIME_DIR=/run", "TZ=UTC=0"}
	if got := environment(environ, false); !slices.Equal(got, plain) {
		t.Errorf("got %q, want %q", got, plain)
	}
	if got := environment(environ, true); !slices.Equal(got, desktop) {
		t.Errorf("with desktop: got %q, want %q", got, desktop)
	}
	if got := environment(nil, false); got == nil {
		t.Error("nil, which stands for the whole environment")
	}
	if got := environment([]string{"Path=C:"}, false); (len(got) == 1) != (runtime.GOOS == "windows") {
		t.Errorf("another case: %q", got)
	}
}
