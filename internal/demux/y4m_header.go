package demux

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gotgcall/models"
)

const (
	maxY4MSide = 4096
	maxY4MRate = 240
)

var y4mSignature = []byte("YUV4MPEG2")

// y4mHead is what a Y4M header says that matters.
type y4mHead struct {
	width, height int
	num, den      uint32 // pictures per second
}

// size returns the bytes of a picture.
func (h y4mHead) size() int { return h.width * h.height * 3 / 2 }

// clock converts numbers of pictures to ticks.
func (h y4mHead) clock() *ivfClock { return &ivfClock{num: uint64(h.den), den: uint64(h.num)} }

// header reads and checks the stream's header.
func (v *Y4M) header() error {
	line, ok := v.line()
	if !ok {
		if len(v.in.bytes()) >= maxY4MLine {
			return longY4MHeader(v.in.bytes())
		}
		return v.ended(shortY4MHeader(v.in.bytes()))
	}
	h, err := parseY4MHeader(line)
	if err != nil {
		return err
	}
	v.in.drop(len(line) + 1)
	v.head = h
	return nil
}

// longY4MHeader says what an input is whose first line does not end in time.
func longY4MHeader(b []byte) error {
	if bytes.HasPrefix(b, y4mSignature) {
		return fmt.Errorf("%w: the Y4M header has more than %d bytes", models.ErrFormat, maxY4MLine)
	}
	return notY4M(b)
}

// shortY4MHeader says what an input is that ends in its first line.
func shortY4MHeader(b []byte) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("%w: expected Y4M, found no data", models.ErrFormat)
	case bytes.HasPrefix(b, y4mSignature[:min(len(y4mSignature), len(b))]):
		return fmt.Errorf("%w: the Y4M data ends inside its header: %w", models.ErrFormat, io.ErrUnexpectedEOF)
	default:
		return notY4M(b)
	}
}

// parseY4MHeader checks the first line: the signature, then words that begin with the letter of what they say: W and H in pixels, F in pictures per
// second ("30000:1001"), C the layout of the samples, 4:2:0 when it is missing, and others that do not matter here.
func parseY4MHeader(line []byte) (h y4mHead, err error) {
	words := strings.Split(string(line), " ")
	if words[0] != string(y4mSignature) {
		return h, notY4M(line)
	}
	bad := func(what, expected string) (y4mHead, error) {
		return y4mHead{}, fmt.Errorf("%w: the Y4M header has %s, expected %s", models.ErrFormat, what, expected)
	}
	layout := "420"
	for _, w := range words[1:] {
		if w == "" {
			continue
		}
		value, ok := w[1:], true
		switch w[0] {
		case 'W':
			h.width, ok = parseSide(value)
		case 'H':
			h.height, ok = parseSide(value)
		case 'F':
			h.num, h.den, ok = parseRate(value)
		case 'C':
			layout = value
		}
		if !ok {
			return bad(fmt.Sprintf("%q", w), fmt.Sprintf("an even number of 2 to %d after W and H, and a rate above 0 and at most %d after F",
				maxY4MSide, maxY4MRate))
		}
	}
	switch {
	case h.width == 0 || h.height == 0 || h.num == 0:
		return bad(fmt.Sprintf("the words %.200q", line), "W, H and F among them")
	case layout != "420" && layout != "420jpeg" && layout != "420mpeg2" && layout != "420paldv":
		return bad(fmt.Sprintf("the layout %q", layout), "4:2:0 of 8 bits: encode with -pix_fmt yuv420p")
	}
	return h, nil
}

func parseSide(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int(n), err == nil && n >= 2 && n <= maxY4MSide && n%2 == 0
}

func parseRate(s string) (num, den uint32, ok bool) {
	a, b, _ := strings.Cut(s, ":")
	n, errN := strconv.ParseUint(a, 10, 32)
	d, errD := strconv.ParseUint(b, 10, 32)
	return uint32(n), uint32(d), errN == nil && errD == nil && n > 0 && d > 0 && n <= maxY4MRate*d
}

func notY4M(opening []byte) error {
	return fmt.Errorf("%w: expected Y4M, which begins with %q; found data that begins with %q", models.ErrFormat, y4mSignature,
		opening[:min(openingBytes, len(opening))])
}
