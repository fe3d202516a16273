//go:build !linux

package ffmpeg

import "os"

// setPipeSize does nothing: a pipe has the size the system gives it.
func setPipeSize(*os.File, int) {}
