//go:build unix

package media

import (
	"path/filepath"
	"testing"

	"gotgcall/models"
)

func TestANamedPipeIsNotProbed(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	_, err := Probe(t.Context(), FromFile(fifo))
	mustBe(t, err, models.ErrInvalidParams, fifo, "only once")
}
