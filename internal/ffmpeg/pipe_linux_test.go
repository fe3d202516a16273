package ffmpeg

import (
	"math"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func pipeCapacity(t *testing.T, f *os.File) (size int) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Control(func(fd uintptr) { size, err = unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return size
}

func TestPipesHaveTheSizeThatWasAskedFor(t *testing.T) {
	tests := []struct {
		name     string
		ask      int
		min, max int
	}{
		{"by default", 0, pipeSize, pipeSize},
		{"larger", 256 << 10, 256 << 10, 256 << 10},
		{"rounded up", 200_000, 256 << 10, 256 << 10},
		{"smaller", 4096, 4096, 4096},
		{"more than there is", math.MaxInt/2 + 1, pipeSize + 1, math.MaxInt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := startCommand(t, testRunner(t, nil), Command{Args: []string{"--role=hang"}, Input: true, Outputs: 2, PipeSize: tt.ask})
			defer p.Stop()
			for name, f := range map[string]*os.File{"the input": p.input.file, "stdout": p.outputs[0].file, "descriptor 3": p.outputs[1].file} {
				if size := pipeCapacity(t, f); size < tt.min || size > tt.max {
					t.Errorf("%s holds %d bytes, want %d to %d", name, size, tt.min, tt.max)
				}
			}
			if size := pipeCapacity(t, p.stderr.file); size != pipeSize {
				t.Errorf("stderr holds %d bytes", size)
			}
		})
	}
}
