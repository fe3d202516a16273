package ffmpeg

import (
	"fmt"
	"slices"
	"time"

	"gotgcall/models"
)

// Close stops all children and ends the Runner; a Start after it is ErrClosed. It returns when all are gone, after 4 seconds at most:
// then the error names the pids of those that the system does not end (they wait in the kernel, mostly for a disk or a network file
// system); they are reaped in the background as soon as it does. Close may be called more than once.
func (r *Runner) Close() error {
	r.mu.Lock()
	first, idle := !r.closed, r.live == 0
	r.closed = true
	forking := r.forking
	procs := make([]*Process, 0, len(r.procs))
	for p := range r.procs {
		procs = append(procs, p)
	}
	r.mu.Unlock()

	if first {
		close(r.closing)
		if idle {
			close(r.idle)
		}
	}
	for _, p := range procs {
		p.stop(models.ErrClosed)
	}
	if !forking {
		return nil
	}
	timer := time.NewTimer(r.limits.close)
	defer timer.Stop()
	select {
	case <-r.forkEnd:
		return nil
	case <-timer.C:
		return fmt.Errorf("ffmpeg: Close gave up after %v: the system does not end the killed processes %v; they are reaped when it does",
			r.limits.close, r.livePids())
	}
}

// livePids names the children that are still there.
func (r *Runner) livePids() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pids []int
	for p := range r.procs {
		if !p.over() {
			pids = append(pids, p.Pid())
		}
	}
	slices.Sort(pids)
	return pids
}
