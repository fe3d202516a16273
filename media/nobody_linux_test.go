package media

import (
	"os"
	"runtime"
	"syscall"
	"testing"
)

// asNobody takes from the test the right to read what others own, which root otherwise has. It holds for the test's own thread, to which
// the test is locked.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
}
