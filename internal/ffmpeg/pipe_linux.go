package ffmpeg

import (
	"os"

	"golang.org/x/sys/unix"
)

// setPipeSize makes a pipe hold size bytes, or as much of it as the system grants. 0 leaves it as it is.
func setPipeSize(f *os.File, size int) {
	if size == 0 {
		return
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		size = min(size, 1<<30) // the kernel counts in 32 bits
		for {
			_, err := unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size)
			if err == nil || size/2 <= pipeSize {
				return
			}
			size /= 2
		}
	})
}
