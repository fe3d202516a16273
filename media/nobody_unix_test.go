//go:build unix && !linux

package media

import (
	"os"
	"testing"
)

// asNobody skips the test for root, who may read everything.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
}
