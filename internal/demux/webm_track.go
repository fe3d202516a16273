package demux

import (
	"fmt"

	"gotgcall/models"
)

// readTracks chooses the first sound track, which is what ffmpeg plays too.
func (w *WebM) readTracks(body []byte) error {
	const (
		idTrackEntry = 0xae
		typeAudio    = 2
	)
	var sound *webmTrack
	well := children(body, func(id uint32, b []byte) {
		if id != idTrackEntry || sound != nil {
			return
		}
		if t := readTrack(b); t.kind == typeAudio {
			sound = &t
		}
	})
	switch {
	case !well:
		return malformed("list of tracks")
	case sound == nil:
		return fmt.Errorf("%w: the WebM data has no sound", models.ErrFormat)
	}
	head, err := sound.opus()
	w.layout.tracks, w.layout.track, w.layout.head = err == nil, sound.number, head
	return err
}

// webmTrack is an entry of the list of tracks.
type webmTrack struct {
	number, kind uint64
	codec        string
	private      []byte
	encoded      bool // compressed or encrypted
	malformed    bool
}

func readTrack(body []byte) (t webmTrack) {
	const (
		idTrackNumber      = 0xd7
		idTrackType        = 0x83
		idCodecID          = 0x86
		idCodecPrivate     = 0x63a2
		idContentEncodings = 0x6d80
	)
	t.malformed = !children(body, func(id uint32, b []byte) {
		switch id {
		case idTrackNumber:
			t.number, _ = ebmlUint(b)
		case idTrackType:
			t.kind, _ = ebmlUint(b)
		case idCodecID:
			t.codec = string(b)
		case idCodecPrivate:
			t.private = b
		case idContentEncodings:
			t.encoded = true
		}
	})
	return t
}

// opus returns the header of an Opus track.
func (t *webmTrack) opus() (OpusHead, error) {
	switch {
	case t.malformed || t.number == 0:
		return OpusHead{}, malformed("track of sound")
	case t.codec != "A_OPUS":
		return OpusHead{}, fmt.Errorf("%w: the sound of the WebM data is %q, expected A_OPUS", models.ErrFormat, t.codec[:min(len(t.codec), openingBytes)])
	case t.encoded:
		return OpusHead{}, fmt.Errorf("%w: the sound of the WebM data is compressed or encrypted by the container", models.ErrFormat)
	}
	return ParseOpusHead(t.private)
}
