//go:build !linux

package ffmpeg

import "gotgcall/models"

// limitsChildren: these systems let a process limit only itself.
const limitsChildren = false

// The numbers of signals that end no child here.
const (
	sigKill = -1
	sigXFSZ = -1
)

// setLimits refuses limits.
func setLimits(_ int, l models.ProcessLimits) error { return CheckLimits(l) }
