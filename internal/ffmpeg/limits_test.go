package ffmpeg

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gotgcall/models"
)

func TestLimitsOutOfRangeAreNamed(t *testing.T) {
	for text, l := range map[string]models.ProcessLimits{
		"CPU is -1s, expected 1s or more":                                    {CPU: -time.Second},
		"CPU is 999ms, expected 1s or more":                                  {CPU: 999 * time.Millisecond},
		"AddressSpace is -1 bytes, expected 67108864 (64 MiB) or more":       {AddressSpace: -1},
		"AddressSpace is 512 bytes, expected 67108864 (64 MiB) or more":      {CPU: time.Second, AddressSpace: 512},
		"AddressSpace is 67108863 bytes, expected 67108864 (64 MiB) or more": {AddressSpace: 64<<20 - 1},
		"Output is -1 bytes, expected 1 or more":                             {Output: -1},
	} {
		if err := CheckLimits(l); !errors.Is(err, models.ErrInvalidParams) || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: the error is «%v», expected «%s»", l, err, text)
		}
	}
	if err := CheckLimits(models.ProcessLimits{}); err != nil {
		t.Errorf("no limits: %v", err)
	}
	for _, l := range []models.ProcessLimits{{CPU: time.Second}, {AddressSpace: 64 << 20}, {Output: 1}} {
		err := CheckLimits(l)
		if limitsChildren && err != nil || !limitsChildren && !(errors.Is(err, models.ErrInvalidParams) && errors.Is(err, errors.ErrUnsupported)) {
			t.Errorf("%+v: the error is «%v», and this system can limit children: %v", l, err, limitsChildren)
		}
	}
}

func TestALimitIsNamedOnlyWhereItWasReached(t *testing.T) {
	all := models.ProcessLimits{CPU: 10 * time.Second, AddressSpace: 1 << 30, Output: 1 << 20}
	const noMemory = "[pcm @ 0x1] Error\nCannot allocate memory"
	for _, tt := range []struct {
		what   string
		limits models.ProcessLimits
		end    status
		stderr string
		want   string
	}{
		{"its natural end", all, status{cpu: time.Minute}, noMemory, ""},
		{"an unknown end", all, status{code: -1, err: errors.ErrUnsupported, cpu: time.Minute}, noMemory, ""},
		{"a file", all, status{code: -1, signal: "SIGXFSZ"}, "", "Output"},
		{"a file, of a shell's child", all, status{code: shellKilled + sigXFSZ}, "", "Output"},
		{"a file, and no limit", models.ProcessLimits{CPU: time.Second}, status{code: -1, signal: "SIGXFSZ"}, "", ""},
		{"processor time", all, status{code: -1, signal: "SIGKILL", cpu: 9900 * time.Millisecond}, "", "CPU"},
		{"processor time, of a shell's child", all, status{code: shellKilled + sigKill, cpu: 10100 * time.Millisecond}, "", "CPU"},
		{"killed long before", all, status{code: -1, signal: "SIGKILL", cpu: 5 * time.Second}, "", ""},
		{"killed, and no limit", models.ProcessLimits{Output: 1}, status{code: -1, signal: "SIGKILL", cpu: time.Minute}, "", ""},
		{"memory", all, status{code: 1}, noMemory, "AddressSpace"},
		{"an encoder's memory", all, status{code: 1}, "[libvpx @ 0x1] Failed to initialize encoder: Memory allocation error", "AddressSpace"},
		{"the loader's memory", all, status{code: 127}, "ffmpeg: error while loading shared libraries: x.so: failed to map segment from shared object", "AddressSpace"},
		{"its pages", all, status{code: 127}, "ffmpeg: error while loading shared libraries: x.so: cannot map zero-fill pages", "AddressSpace"},
		{"its notes", all, status{code: 127}, "ffmpeg: error while loading shared libraries: x.so: cannot create shared object descriptor: Cannot allocate memory", "AddressSpace"},
		{"its threads", all, status{code: 127}, "cannot allocate TLS data structures for initial thread", "AddressSpace"},
		{"musl's loader", all, status{code: 127}, "Error loading shared library x.so: Out of memory (needed by ffmpeg)", "AddressSpace"},
		{"memory, and no limit", models.ProcessLimits{CPU: time.Second}, status{code: 1}, noMemory, ""},
		{"another error", all, status{code: 1, cpu: time.Minute}, "No such file or directory", ""},
	} {
		got := reached(tt.limits, tt.end, tt.stderr)
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: «%s», expected it to name «%s»", tt.what, got, tt.want)
		}
	}
}
