package demux

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gotgcall/internal/demux/oggtest"
	"gotgcall/models"
)

func TestOggRefusesWhatIsNotOgg(t *testing.T) {
	first := func(body []byte) []oggtest.Page {
		return []oggtest.Page{
			{Flags: oggtest.BOS, Lacing: []byte{byte(len(body))}, Body: body},
			{Seq: 1, Lacing: []byte{5}, Body: []byte("hello")},
		}
	}
	version2 := oggtest.Head(2, 0)
	version2[8] = 0x11
	pages := oggtest.Stream{}.Pages(oggtest.Packets(3, 960, 30))
	whole := oggtest.Join(pages)
	head := len(pages[0].Bytes())
	headers := oggtest.Join(pages[:2])
	wrongSums := bytes.Clone(whole)
	for i := range wrongSums {
		if bytes.HasPrefix(wrongSums[i:], capturePattern) {
			wrongSums[i+22]++
		}
	}
	zeros := bytes.Repeat([]byte{0}, 1<<20)
	for _, c := range []struct {
		name string
		data []byte
		text string // part of the error
		eof  bool   // it is io.ErrUnexpectedEOF as well
	}{
		{"no data", nil, "found no data", false},
		{"HTML", []byte("<!DOCTYPE html><html><body>Not found</body></html>"), `"<!DOCTYPE html><"`, false},
		{"short text", []byte("hi"), `"hi"`, false},
		{"PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), `PNG`, false},
		{"a lot of zeros", zeros, `\x00`, false},
		{"only false capture patterns", bytes.Repeat([]byte("OggS\x00"), 200_000), "OggS", false},
		{"every checksum wrong", wrongSums, "OggS", false},
		{"cut in the capture pattern", whole[:2], "inside its first page", true},
		{"cut in the first page's header", whole[:20], "inside its first page", true},
		{"cut in the identification header", whole[:40], "inside its first page", true},
		{"cut after the identification header", whole[:head], "inside the Opus headers", true},
		{"cut in the comment header", whole[:len(headers)-1], "inside the Opus headers", true},
		{"Vorbis", oggtest.Join(first([]byte("\x01vorbis\x00\x00\x00"))), "no Opus stream", false},
		{"Vorbis's first page only", oggtest.Join(first([]byte("\x01vorbis\x00"))[:1]), "no Opus stream", false},
		{"5.1 channels", oggtest.Join(first(oggtest.Head(6, 1))), "6 channels in mapping family 1", false},
		{"3 channels", oggtest.Join(first(oggtest.Head(3, 0))), "3 channels in mapping family 0", false},
		{"0 channels", oggtest.Join(first(oggtest.Head(0, 0))), "0 channels", false},
		{"stereo in family 255", oggtest.Join(first(oggtest.Head(2, 255))), "mapping family 255", false},
		{"version 2.x", oggtest.Join(first(version2)), "version 17", false},
		{"a short header", oggtest.Join(first(oggtest.Head(2, 0)[:18])), "18 bytes", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, _, err := readAll(t, bytes.NewReader(c.data))
			if len(frames) != 0 || !errors.Is(err, models.ErrFormat) || err == io.EOF {
				t.Fatalf("%d frames and error %v, want ErrFormat", len(frames), err)
			}
			if !strings.Contains(err.Error(), c.text) {
				t.Errorf("the error %q does not say %q", err, c.text)
			}
			if errors.Is(err, io.ErrUnexpectedEOF) != c.eof {
				t.Errorf("the error %q is io.ErrUnexpectedEOF: %v, want %v", err, !c.eof, c.eof)
			}
		})
	}
}

func TestOggEndInTheMiddleIsUnexpectedEOF(t *testing.T) {
	packets := oggtest.Packets(10, 960, 700)
	pages := oggtest.Stream{MaxBody: 510, PerPage: 9}.Pages(packets)
	data := oggtest.Join(pages)
	audio := len(oggtest.Join(pages[:2]))
	starts := map[int]bool{}
	at := 0
	for _, p := range pages {
		starts[at] = p.Flags&oggtest.Continued == 0
		at += len(p.Bytes())
	}
	for cut := audio; cut < len(data); cut++ {
		frames, _, err := readAll(t, bytes.NewReader(data[:cut]))
		if starts[cut] { // between packets and between pages
			if err != io.EOF {
				t.Fatalf("cut at %d, between pages: %v, want io.EOF", cut, err)
			}
		} else if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, models.ErrFormat) {
			t.Fatalf("cut at %d: %v, want io.ErrUnexpectedEOF", cut, err)
		}
		sameAudio(t, frames, packets[:len(frames)], 0)
	}
}

func TestOggLineBreakAfterTheLastPageIsNoError(t *testing.T) {
	packets := oggtest.Packets(3, 960, 30)
	for _, noEOS := range []bool{false, true} {
		data := append(oggtest.Join(oggtest.Stream{NoEOS: noEOS}.Pages(packets)), "\r\n"...)
		frames, _, err := readAll(t, bytes.NewReader(data))
		if err != io.EOF {
			t.Errorf("the end is %v, want io.EOF", err)
		}
		sameAudio(t, frames, packets, 0)
	}
}

// endless repeats data for ever and counts what was read.
type endless struct {
	data []byte
	at   int
	read int64
}

func (r *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.data[r.at]
		r.at = (r.at + 1) % len(r.data)
	}
	r.read += int64(len(p))
	return len(p), nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestOggGivesUpOnEndlessInputWithoutAudio(t *testing.T) {
	const limit = 1 << 20 // instead of maxBetweenFrames, to be quick
	some := oggtest.Join(oggtest.Stream{NoEOS: true}.Pages(oggtest.Packets(3, 960, 30)))
	foreign := oggtest.Page{Serial: 99, Seq: 1, Lacing: bytes.Repeat([]byte{250}, 200), Body: make([]byte, 50_000)}.Bytes()
	empty := oggtest.Page{Granule: -1}.Bytes()
	tags := oggtest.Page{Flags: oggtest.Continued, Granule: -1, Lacing: []byte{255}, Body: make([]byte, 255)}.Bytes()
	for name, c := range map[string]struct {
		some, data []byte
	}{
		"zeros":                {some, make([]byte, 1000)},
		"false patterns":       {some, []byte("OggS\x00")},
		"other streams":        {some, foreign},
		"empty pages":          {some, empty},
		"an endless packet":    {some, tags},
		"zeros from the start": {nil, make([]byte, 1000)},
	} {
		e := &endless{data: c.data}
		o := NewOgg(io.MultiReader(bytes.NewReader(c.some), e))
		frames := 0
		for {
			if _, err := o.Next(); err != nil {
				if !errors.Is(err, models.ErrFormat) {
					t.Errorf("%s: the end is %v, want ErrFormat", name, err)
				}
				break
			}
			frames++
			o.pages.limit = o.pages.total + limit
		}
		if want := min(3, len(c.some)); frames != want {
			t.Errorf("%s: %d frames, want %d", name, frames, want)
		}
		if o.pages.wasted > wasteFactor*o.pages.total+wasteFree+65307 {
			t.Errorf("%s: %d bytes checksummed in vain", name, o.pages.wasted)
		}
		if e.read > 2*limit {
			t.Errorf("%s: %d bytes read", name, e.read)
		}
	}
}

func TestOggOtherCodecsAreRefusedWithoutReadingOn(t *testing.T) {
	data := oggtest.Join([]oggtest.Page{
		{Flags: oggtest.BOS, Lacing: []byte{7}, Body: []byte("\x01vorbis")},
		{Seq: 1, Lacing: []byte{7}, Body: []byte("\x03vorbis")},
	})
	_, _, err := readAll(t, io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errors.New("read on"))))
	if !errors.Is(err, models.ErrFormat) || !strings.Contains(err.Error(), "vorbis") {
		t.Errorf("%v, want ErrFormat that says vorbis", err)
	}
}

func TestOggLimitGrowsWithEveryFrame(t *testing.T) {
	o := NewOgg(bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(2, 960, 30)))))
	for range 2 {
		if _, err := o.Next(); err != nil {
			t.Fatal(err)
		}
		if got := o.pages.limit - o.pages.total; got != maxBetweenFrames {
			t.Fatalf("%d bytes are allowed for the next frame, want %d", got, maxBetweenFrames)
		}
	}
}

func TestOggMisbehavingReadersEndTheStream(t *testing.T) {
	for name, c := range map[string]struct {
		read readerFunc
		want error
	}{
		"0, nil for ever": {func([]byte) (int, error) { return 0, nil }, io.ErrNoProgress},
		"negative count":  {func([]byte) (int, error) { return -1, nil }, errBadRead},
		"too large count": {func(p []byte) (int, error) { return len(p) + 1, nil }, errBadRead},
	} {
		done := make(chan error, 1)
		go func() {
			_, err := NewOgg(c.read).Next()
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: Next does not return", name)
		}
	}
}
