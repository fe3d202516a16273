package demux

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"gotgcall/models"
)

// frames reads every frame of a demuxer and returns them with the error that ended the stream.
func frames(t testing.TB, d Demuxer) (list []Frame, err error) {
	t.Helper()
	for {
		f, err := d.Next()
		if err != nil {
			if again, errAgain := d.Next(); errAgain != err || again.Data != nil {
				t.Errorf("after the error %v, Next returns %d bytes and %v", err, len(again.Data), errAgain)
			}
			return list, err
		}
		list = append(list, f)
	}
}

// content joins what frames hold.
func content(list []Frame) []byte {
	var b []byte
	for _, f := range list {
		b = append(b, f.Data...)
	}
	return b
}

// readers give the same bytes in different ways.
func readers(data []byte) map[string]io.Reader {
	return map[string]io.Reader{
		"at once":         bytes.NewReader(data),
		"half by half":    iotest.HalfReader(bytes.NewReader(data)),
		"EOF with data":   iotest.DataErrReader(bytes.NewReader(data)),
		"byte by byte":    iotest.OneByteReader(bytes.NewReader(data)),
		"with idle reads": &idleReader{r: bytes.NewReader(data)},
	}
}

// pattern returns n bytes that repeat late.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// refusal is an input that is not the format.
type refusal struct {
	name string
	data []byte
	text string // part of the error
	eof  bool   // it is io.ErrUnexpectedEOF as well
}

func checkRefusal(t *testing.T, c refusal, d Demuxer) {
	t.Helper()
	list, err := frames(t, d)
	if len(list) != 0 || !errors.Is(err, models.ErrFormat) || err == io.EOF {
		t.Fatalf("%d frames and error %v, want ErrFormat", len(list), err)
	}
	if !strings.Contains(err.Error(), c.text) {
		t.Errorf("the error %q does not say %q", err, c.text)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) != c.eof {
		t.Errorf("the error %q is io.ErrUnexpectedEOF: %v, want %v", err, !c.eof, c.eof)
	}
}

func TestSniffKnowsEveryFormatAndGivesAllBytesBack(t *testing.T) {
	for _, c := range []struct {
		opening string
		want    Format
		name    string
	}{
		{"OggS", FormatOgg, "Ogg"}, {"DKIF", FormatIVF, "IVF"}, {"RIFF", FormatWAV, "WAV"}, {"YUV4", FormatY4M, "Y4M"},
		{"ID3\x04", FormatUnknown, "unknown"}, {"oggs", FormatUnknown, "unknown"}, {"", FormatUnknown, "unknown"}, {"Ogg", FormatUnknown, "unknown"},
	} {
		data := append([]byte(c.opening), pattern(10_000*len(c.opening)/4)...)
		for name, r := range readers(data) {
			f, all, err := Sniff(r)
			if f != c.want || f.String() != c.name || err != nil {
				t.Errorf("%q %s is %v and %v, want %v", c.opening, name, f, err, c.name)
			}
			got, err := io.ReadAll(all)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%q %s: %d bytes and %v, want %d", c.opening, name, len(got), err, len(data))
			}
		}
	}
}

func TestSniffWaitsForFourBytesOnly(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	go w.Write([]byte("RIFF")) // and no more: Sniff must not wait for it
	if f, _, err := Sniff(r); f != FormatWAV || err != nil {
		t.Errorf("%v and %v, want WAV", f, err)
	}
}

func TestSniffPassesReaderErrors(t *testing.T) {
	cause := errors.New("the disk is on fire")
	for _, opening := range []string{"", "RI"} {
		f, all, err := Sniff(io.MultiReader(strings.NewReader(opening), iotest.ErrReader(cause)))
		if f != FormatUnknown || err != cause {
			t.Errorf("%q and an error: %v and %v, want the cause", opening, f, err)
		}
		if got, err := io.ReadAll(all); err != cause || string(got) != opening {
			t.Errorf("%q and an error: the reader gives %q and %v", opening, got, err)
		}
	}
	f, all, err := Sniff(&once{"OggS12", cause})
	if got, errAll := io.ReadAll(all); f != FormatOgg || err != nil || errAll != cause || string(got) != "OggS12" {
		t.Errorf("an error after the opening: %v, %v, then %q and %v", f, err, got, errAll)
	}
}

// once is a reader that gives its bytes together with an error, and must not be read again.
type once struct {
	data string
	err  error
}

func (o *once) Read(p []byte) (int, error) {
	n := copy(p, o.data)
	o.data = "read again"
	return n, o.err
}

func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "O", "OggS", "RIFF1234WAVE", "YUV4MPEG2 W2", "DKIF\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		format, all, err := Sniff(iotest.OneByteReader(bytes.NewReader(data)))
		got, errAll := io.ReadAll(all)
		if err != nil || errAll != nil || !bytes.Equal(got, data) {
			t.Errorf("%d of %d bytes, %v and %v", len(got), len(data), err, errAll)
		}
		if len(data) < 4 && format != FormatUnknown {
			t.Errorf("%q is %v", data, format)
		}
	})
}
