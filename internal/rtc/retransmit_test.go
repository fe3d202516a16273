package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestPaddingAloneIsRememberedInLittleRoomAndOutlivesTheFirstPictures(t *testing.T) {
	h := newHistory(1)
	now := time.Now()
	sequence := uint16(0xffff - 2*paddingSize)
	add := func(payload []byte) uint16 {
		sequence++ // wraps
		h.add(&rtp.Header{SequenceNumber: sequence, Timestamp: uint32(sequence)}, payload)
		return sequence
	}
	for range 2 * paddingSize {
		add(nil)
	}
	if n := len(h.packets); n != paddingSize {
		t.Errorf("there is room for %d packets while there was only padding, expected %d", n, paddingSize)
	}
	padding := sequence
	picture := add([]byte{1, 2, 3})
	if n := len(h.packets); n != historySize {
		t.Errorf("there is room for %d packets once there is video, expected %d", n, historySize)
	}
	for _, want := range []uint16{padding, padding - paddingSize + 1, picture} {
		if p, ok := h.take(want, now); !ok || p.sequence != want || p.timestamp != uint32(want) {
			t.Errorf("number %d gives %+v, %t", want, p, ok)
		}
	}
	for _, gone := range []uint16{padding - paddingSize, picture + 1} {
		if p, ok := h.take(gone, now); ok {
			t.Errorf("number %d gives %+v, expected nothing", gone, p)
		}
	}
}
