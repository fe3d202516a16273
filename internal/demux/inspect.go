package demux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gotgcall/models"
)

// Inspect looks at the beginning of a file and says whether NewOgg or NewWebM can read its sound: format is FormatOgg or FormatWebM then, and the file
// has, as far as can be seen, exactly one Ogg stream, or Opus for its first sound track. The error is models.ErrFormat and says why not; it is also
// io.ErrUnexpectedEOF when more of the file would tell.
func Inspect(beginning []byte) (format Format, head OpusHead, err error) {
	if len(beginning) < sniffed {
		return FormatUnknown, head, tooShort()
	}
	switch format = formatOf(beginning[:sniffed]); format {
	case FormatOgg:
		head, err = inspectOgg(beginning)
	case FormatWebM:
		w := NewWebM(bytes.NewReader(beginning))
		for err == nil && !w.layout.tracks {
			err = w.element()
		}
		if err == io.EOF { //nolint:errorlint // it ends by itself
			err = malformed("headers")
		}
		head = w.layout.head
	default:
		err = fmt.Errorf("%w: it is neither Ogg nor WebM", models.ErrFormat)
	}
	if err != nil {
		return FormatUnknown, OpusHead{}, err
	}
	return format, head, nil
}

func tooShort() error {
	return fmt.Errorf("%w: the data ends inside its headers: %w", models.ErrFormat, io.ErrUnexpectedEOF)
}

// inspectOgg looks at the first page and at the header of the second.
func inspectOgg(beginning []byte) (OpusHead, error) {
	p := pageReader{in: window{src: bytes.NewReader(beginning)}, limit: maxBetweenFrames}
	first, err := p.next()
	switch {
	case errors.Is(err, io.EOF):
		return OpusHead{}, tooShort()
	case err != nil:
		return OpusHead{}, err
	case p.dropped > 0 || first.flags&flagBOS == 0:
		return OpusHead{}, fmt.Errorf("%w: the Ogg data does not begin with the beginning of a stream", models.ErrFormat)
	}
	head, err := ParseOpusHead(first.body)
	if err != nil {
		return OpusHead{}, err
	}
	serial := first.serial
	if !p.in.need(pageHeader) {
		return OpusHead{}, tooShort()
	}
	second := p.in.bytes()
	switch {
	case !bytes.HasPrefix(second, capturePattern):
		return OpusHead{}, fmt.Errorf("%w: the Ogg data is damaged at its beginning", models.ErrFormat)
	case binary.LittleEndian.Uint32(second[14:]) != serial:
		return OpusHead{}, errSeveral
	}
	return head, nil
}

// errSeveral says that Ogg data is more than one stream.
var errSeveral = fmt.Errorf("%w: the Ogg data has more than one stream", models.ErrFormat)
