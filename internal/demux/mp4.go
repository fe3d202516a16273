package demux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gotgcall/models"
)

// maxBoxes is how many boxes of an MP4 file are looked at, at most: a file has a few dozen.
const maxBoxes = 1000

// InspectMP4 looks for the first sound track of an MP4 file (ISO/IEC 14496-12: .mp4, .m4a, .mov) and returns its head when it is Opus whose packets, from
// the first to the last, are what the file plays: so that they may be copied. Otherwise the error is models.ErrFormat and says why not. It reads some
// bytes here and there of the size that the file has. Where file gives the beginning alone, the error is also io.EOF when more would tell.
func InspectMP4(file io.ReaderAt, size int64) (OpusHead, error) {
	w := &boxWalk{file: file, left: maxBoxes}
	first, err := w.next(0, size)
	switch {
	case err != nil:
		return OpusHead{}, err
	case first.kind != "ftyp":
		return OpusHead{}, fmt.Errorf("%w: it is no MP4 file: it begins with %q, expected \"ftyp\"", models.ErrFormat, first.kind)
	}
	movie, err := w.child(box{end: size}, 0, "moov")
	if err != nil {
		return OpusHead{}, err
	}
	for at := movie.at; ; {
		track, err := w.next(at, movie.end)
		if err != nil {
			return OpusHead{}, err
		}
		at = track.end
		if track.kind != "trak" {
			continue
		}
		if handler, err := w.field(track, handlerType, "mdia", "hdlr"); err != nil {
			return OpusHead{}, err
		} else if string(handler) == "soun" {
			return w.sound(movie, track)
		}
	}
}

// Where fields lie in the payload of their boxes, the version and the flags included.
var (
	handlerType  = span{8, 12}
	opusEntry    = span{4, 16} // the number of entries, and the size and the kind of the first
	timescale    = span{12, 16}
	movieLength  = span{16, 20}
	editCount    = span{4, 8}
	firstEdit    = span{8, 16}
	opusSpecific = span{0, 11}
)

// The payloads before the boxes within a box.
const (
	beforeEntries = 8  // of stsd
	beforeBoxes   = 28 // of a sound entry
)

// longestPreSkip bounds what an edit may leave out at the beginning, and at the end, as what is not part of the media, in ticks of 48 kHz.
const longestPreSkip = 4800

// sound reads what there is to know of the sound track.
func (w *boxWalk) sound(movie, track box) (OpusHead, error) {
	table, err := w.child(track, 0, "mdia", "minf", "stbl", "stsd")
	if err != nil {
		return OpusHead{}, err
	}
	entry, err := w.bytes(table, opusEntry)
	if err != nil {
		return OpusHead{}, err
	}
	if n, kind := binary.BigEndian.Uint32(entry), entry[8:]; n != 1 || string(kind) != "Opus" {
		return OpusHead{}, fmt.Errorf("%w: its sound is not Opus: %d descriptions, %q the first", models.ErrFormat, n, kind)
	}
	description, err := w.next(table.at+beforeEntries, table.end)
	if err != nil {
		return OpusHead{}, err
	}
	specific, err := w.child(description, beforeBoxes, "dOps")
	if err != nil {
		return OpusHead{}, err
	}
	d, err := w.bytes(specific, opusSpecific)
	if err != nil {
		return OpusHead{}, err
	}
	if d[1] < 1 || d[1] > 2 || d[10] != 0 {
		return OpusHead{}, fmt.Errorf("%w: the Opus header has %d channels in mapping family %d", models.ErrFormat, d[1], d[10])
	}
	head := OpusHead{
		Channels: int(d[1]),
		PreSkip:  int64(binary.BigEndian.Uint16(d[2:])),
		Gain:     int(int16(binary.BigEndian.Uint16(d[8:]))), //nolint:gosec // it is signed
	}
	return head, w.uncut(movie, track)
}

// uncut returns an error when the track is edited: when it plays less than its packets, or another order.
func (w *boxWalk) uncut(movie, track box) error {
	edits, err := w.child(track, 0, "edts", "elst")
	switch {
	case errors.Is(err, errNoBox): // nothing is edited
		return nil
	case err != nil:
		return err
	}
	count, err := w.bytes(edits, editCount)
	if err != nil {
		return err
	}
	edit, err := w.bytes(edits, firstEdit)
	if err != nil {
		return err
	}
	movieScale, err := w.field(movie, timescale, "mvhd")
	if err != nil {
		return err
	}
	mediaScale, err := w.field(track, timescale, "mdia", "mdhd")
	if err != nil {
		return err
	}
	media, err := w.field(track, movieLength, "mdia", "mdhd")
	if err != nil {
		return err
	}
	n, begin := binary.BigEndian.Uint32(count), binary.BigEndian.Uint32(edit[4:])
	plays := int64(binary.BigEndian.Uint32(edit)) * 48000 / max(1, int64(binary.BigEndian.Uint32(movieScale)))
	has := int64(binary.BigEndian.Uint32(media))
	if n != 1 || begin > longestPreSkip || binary.BigEndian.Uint32(mediaScale) != 48000 || (plays != 0 && has-plays > longestPreSkip) {
		return fmt.Errorf("%w: an edit list cuts its sound", models.ErrFormat)
	}
	return nil
}

// errNoBox is what next returns behind the last box.
var errNoBox = errors.New("the MP4 file has no description of its sound")

// box is a box of an MP4 file, whose payload lies between two places.
type box struct {
	kind    string
	at, end int64
}

// span is a field of a payload.
type span struct{ from, to int64 }

// boxWalk looks at boxes.
type boxWalk struct {
	file io.ReaderAt
	left int // so many
}

// next returns the box that begins at a place, before which the data end. Behind the last one it is an error, for what was looked for is not there.
func (w *boxWalk) next(at, end int64) (box, error) {
	const short, long = 8, 16 // headers
	if w.left--; w.left < 0 {
		return box{}, fmt.Errorf("%w: the MP4 file has more than %d boxes", models.ErrFormat, maxBoxes)
	}
	var h [long]byte
	if end-at < short {
		return box{}, fmt.Errorf("%w: %w", models.ErrFormat, errNoBox)
	}
	if _, err := w.file.ReadAt(h[:short], at); err != nil {
		return box{}, fmt.Errorf("%w: the MP4 file: %w", models.ErrFormat, err)
	}
	size, header := int64(binary.BigEndian.Uint32(h[:])), int64(short)
	switch size {
	case 0: // it goes on to the end
		size = end - at
	case 1: // the size follows
		if _, err := w.file.ReadAt(h[short:], at+short); err != nil {
			return box{}, fmt.Errorf("%w: the MP4 file: %w", models.ErrFormat, err)
		}
		size, header = int64(binary.BigEndian.Uint64(h[short:])), long //nolint:gosec // a negative one is refused below
	}
	if size < header || size > end-at {
		return box{}, fmt.Errorf("%w: the MP4 file has a box %q of %d bytes where there are %d", models.ErrFormat, h[4:short], size, end-at)
	}
	return box{kind: string(h[4:short]), at: at + header, end: at + size}, nil
}

// child returns the first box of a kind in another one, behind so many bytes of its payload; more kinds lead further down.
func (w *boxWalk) child(in box, behind int64, path ...string) (box, error) {
	for at := in.at + behind; ; {
		b, err := w.next(at, in.end)
		switch {
		case err != nil:
			return box{}, err
		case b.kind != path[0]:
			at = b.end
		case len(path) == 1:
			return b, nil
		default:
			return w.child(b, 0, path[1:]...)
		}
	}
}

// field returns the bytes of a field of a box further down.
func (w *boxWalk) field(in box, s span, path ...string) ([]byte, error) {
	b, err := w.child(in, 0, path...)
	if err != nil {
		return nil, err
	}
	return w.bytes(b, s)
}

// bytes returns the bytes of a field. All boxes whose fields are asked for begin with their version; in that of 0 times have 32 bits.
func (w *boxWalk) bytes(b box, s span) ([]byte, error) {
	if b.at+s.to > b.end {
		return nil, fmt.Errorf("%w: the MP4 file has a box %q of %d bytes, expected %d", models.ErrFormat, b.kind, b.end-b.at, s.to)
	}
	data := make([]byte, s.to)
	if _, err := w.file.ReadAt(data, b.at); err != nil {
		return nil, fmt.Errorf("%w: the MP4 file: %w", models.ErrFormat, err)
	}
	if data[0] != 0 {
		return nil, fmt.Errorf("%w: the MP4 file has a box %q of version %d, expected 0", models.ErrFormat, b.kind, data[0])
	}
	return data[s.from:], nil
}
