package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestSamplesPlayAsLongAsTheyLast(t *testing.T) {
	for _, rate := range []int{8000, 22050, 48000} {
		for _, channels := range []int{1, 2} {
			t.Run(fmt.Sprintf("%d Hz, %d", rate, channels), func(t *testing.T) {
				leak.Check(t)
				samples := make([]byte, rate*channels*2+1) // with a sample that is cut off
				plays(t, t.Context(), FromPCM(bytes.NewReader(samples), rate, channels), time.Second)
			})
		}
	}
}

func TestSamplesAreHeardAsTheyAre(t *testing.T) {
	leak.Check(t)
	var samples []byte
	for i := range 16000 {
		v := int16(8000)
		if i/20%2 == 0 {
			v = -v
		}
		samples = append(samples, byte(v), byte(v>>8))
	}
	p := playRaw(t, open(t, WithRaw(t.Context()), FromPCM(bytes.NewReader(samples), 16000, 1)))
	p.mustHaveEnded(t)
	p.mustLast(t, time.Second)
	if p.loudest < 25 || p.loudest > 60 { // 8000 of 32768 is 31 of 127
		t.Errorf("the loudest sample is %d of 127", p.loudest)
	}
}

func TestSamplesThatArePushedPlayBeforeTheyEnd(t *testing.T) {
	leak.Check(t)
	r, w := io.Pipe()
	s := open(t, t.Context(), FromPCM(r, 16000, 1))
	if _, err := w.Write(make([]byte, 16000)); err != nil { // half a second
		t.Fatal(err)
	}
	d := demux.NewOgg(s.Audio)
	for range 10 { // of 20 ms
		if _, err := d.Next(); err != nil {
			t.Fatal(err)
		}
	}
	reason := errors.New("the line is dead")
	w.CloseWithError(reason)
	for {
		if _, err := d.Next(); err != nil {
			if !errors.Is(err, reason) {
				t.Errorf("ended with %v", err)
			}
			return
		}
	}
}

func TestWhatSamplesCannotBeIsRefused(t *testing.T) {
	r := counting(t)
	ctx := WithRunner(t.Context(), r.Runner)
	untouched := iotest.ErrReader(errors.New("it was read"))
	for _, c := range []struct {
		source Source
		part   string
	}{
		{FromPCM(untouched, 7999, 1), "7999"},
		{FromPCM(untouched, 48001, 1), "48001"},
		{FromPCM(untouched, 48000, 0), "channels is 0"},
		{FromPCM(untouched, 48000, 3), "channels is 3"},
		{FromPCM(nil, 48000, 2), "nil"},
		{FromPCM(untouched, 48000, 2, EncodeOptions{AudioBitrateKbps: 1}), "AudioBitrateKbps"},
	} {
		_, err := c.source.Open(ctx)
		mustBe(t, err, models.ErrInvalidParams, c.part)
	}
	r.expectNone()
	s := FromPCM(bytes.NewReader(make([]byte, 4800)), 48000, 1, withPicture)
	if s.Tracks() != TrackAudio {
		t.Errorf("the tracks are %v", s.Tracks())
	}
	open(t, t.Context(), s)
	_, err := s.Open(t.Context())
	mustBe(t, err, models.ErrFile, "opened before")
}
