package demux

import (
	"bytes"
	"io"
)

// Format is a container that a demuxer of this package reads.
type Format uint8

const (
	// FormatUnknown: none of those below.
	FormatUnknown Format = iota
	// FormatOgg: NewOgg reads it.
	FormatOgg
	// FormatIVF: NewIVF reads it.
	FormatIVF
	// FormatWAV: NewWAV reads it.
	FormatWAV
	// FormatY4M: NewY4M reads it.
	FormatY4M
	// FormatWebM, or another kind of Matroska: NewWebM reads its sound if that is Opus.
	FormatWebM
)

// String returns the container's name.
func (f Format) String() string {
	switch f {
	case FormatOgg:
		return "Ogg"
	case FormatIVF:
		return "IVF"
	case FormatWAV:
		return "WAV"
	case FormatY4M:
		return "Y4M"
	case FormatWebM:
		return "WebM"
	default:
		return "unknown"
	}
}

// sniffed is how many bytes tell the formats apart.
const sniffed = 4

// Sniff waits for the first four bytes of r and says which format they begin. The returned reader gives all of the input, these bytes included,
// and takes the place of r.
//
// An input that ends within these bytes is FormatUnknown: the reader gives what there is and then io.EOF. An error of r within them is returned,
// and the reader gives it as well, after what came before.
func Sniff(r io.Reader) (Format, io.Reader, error) {
	in := window{src: r}
	if !in.need(sniffed) {
		all := io.MultiReader(bytes.NewReader(in.bytes()), failed{in.err})
		if in.eof {
			return FormatUnknown, all, nil
		}
		return FormatUnknown, all, in.err
	}
	rest := r
	if in.err != nil {
		rest = failed{in.err}
	}
	return formatOf(in.bytes()[:sniffed]), io.MultiReader(bytes.NewReader(in.bytes()), rest), nil
}

func formatOf(opening []byte) Format {
	switch {
	case bytes.HasPrefix(capturePattern, opening):
		return FormatOgg
	case bytes.HasPrefix(ivfSignature, opening):
		return FormatIVF
	case bytes.HasPrefix(riffSignature, opening):
		return FormatWAV
	case bytes.HasPrefix(y4mSignature, opening):
		return FormatY4M
	case bytes.HasPrefix(ebmlSignature, opening):
		return FormatWebM
	default:
		return FormatUnknown
	}
}

// failed is an input that gives nothing but an error.
type failed struct{ err error }

// Read returns the error.
func (e failed) Read([]byte) (int, error) { return 0, e.err }
