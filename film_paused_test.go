package gotgcall_test

import (
	"io"
	"testing"
	"time"
)

func TestAPictureThatComesAfterItsSoundInAPauseIsSeenInTheState(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, seconds(10, 0)))
		time.Sleep(time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		var picture *gate
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300, pictureReader: func(r io.Reader) io.Reader {
			picture = newGate(r, 0)
			return picture
		}}))
		if state, _ := w.client.GetState(1); !state.VideoStopped {
			t.Error("VideoStopped is false before there is a picture")
		}
		close(picture.opened)
		time.Sleep(time.Second)
		if state, _ := w.client.GetState(1); state.VideoStopped {
			t.Error("VideoStopped is true, and the picture is there")
		}
	})
}
