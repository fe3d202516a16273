package media

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

type ownSource struct{}

func (ownSource) Tracks() Track                          { return TrackAudio }
func (ownSource) Open(context.Context) (*Streams, error) { return nil, nil }

func TestASourceIsDescribedWithoutItsSecrets(t *testing.T) {
	for want, s := range map[string]Source{
		`FromFile("a song.mp3")`:         FromFile("a song.mp3"),
		`https://***@radio.example/live`: FromURL("https://me:5ecret@radio.example/live?token=5ecret"),
		`rtsp://***@camera.example/1`:    FromURL("rtsp://me:5ecret@camera.example/1"),
		`FromShell, audio`:               FromShell("ffmpeg -i https://radio.example/?5ecret", TrackAudio),
		`FromShells, audio+video`:        FromShells("curl 5ecret", "curl 5ecret"),
		`FromShells, video`:              FromShells("", "curl 5ecret"),
		`FromReader`:                     FromReader(strings.NewReader("5ecret")),
		`FromPCM`:                        FromPCM(strings.NewReader("5ecret"), 48000, 2),
		`FromOpus`:                       FromOpus(),
		`media.ownSource`:                ownSource{},
	} {
		if got := Describe(s); !strings.Contains(got, want) || strings.Contains(got, "5ecret") {
			t.Errorf("it is described as %s, expected %s", got, want)
		}
		if text := fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s); strings.Contains(text, "5ecret") {
			t.Errorf("%s is printed as %s", want, text)
		}
	}
}
