package sfutest

import (
	"fmt"
	"io"
	"slices"

	"gotgcall/jsonparams"
)

// silentOpus is a packet of 20 ms of silence (RFC 6716: CELT, mono, no data).
var silentOpus = []byte{0xf8, 0xff, 0xfe}

// WriteFilm writes sound and picture as WriteOgg and WriteIVF do, but with one origin: what is at the same time in both files belongs
// together by the sender's clock (see SenderTime). Time 0 is the beginning of the leg that begins first; sound that begins later has one
// packet of silence there, and a picture that begins later its first frame, which is repeated at its own time. Both legs need media and a
// Sender Report, and the picture a key frame.
//
//	ffmpeg -i film.ogg -i film.ivf -c copy film.mkv
func (e *Endpoint) WriteFilm(sound, picture io.Writer) error {
	packets := e.audible()
	frames, err := e.decodable()
	if err != nil {
		return err
	}
	if len(packets) == 0 {
		return fmt.Errorf("sfutest: chat %d has no audio to write", e.chatID)
	}
	heard, ok1 := e.SenderTime(e.AudioSSRC(), packets[0].Timestamp)
	shown, ok2 := e.SenderTime(e.VideoSSRC(), frames[0].Timestamp)
	if !ok1 || !ok2 {
		return fmt.Errorf("sfutest: chat %d has no Sender Report of both legs (sound: %v, picture: %v), so nothing tells how they belong together",
			e.chatID, ok1, ok2)
	}
	if err := writeOgg(sound, packets, ticks(max(0, heard.Sub(shown)), jsonparams.ClockRateOpus)); err != nil {
		return err
	}
	return writeIVF(picture, frames, max(0, shown.Sub(heard)))
}

// audible returns the sound that is kept, in order.
func (e *Endpoint) audible() []Packet {
	packets := slices.DeleteFunc(e.Records(e.AudioSSRC()), func(p Packet) bool { return len(p.Payload) == 0 })
	sortByTime(packets, jsonparams.ClockRateOpus)
	return packets
}
