package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// say writes packets, which must be taken at once.
func say(t *testing.T, s *OpusSource, packets ...oggtest.Packet) {
	t.Helper()
	for _, p := range packets {
		if n, err := s.Write(p.Data); n != len(p.Data) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
}

// hear returns the next packet.
func hear(t *testing.T, d demux.Demuxer) []byte {
	t.Helper()
	f, err := d.Next()
	if err != nil {
		t.Fatal(err)
	}
	return f.Data
}

func TestPacketsAreHeardAsTheyWereWritten(t *testing.T) {
	leak.Check(t)
	var packets []oggtest.Packet
	for _, ticks := range []int64{120, 240, 480, 960, 1920, 2880} {
		for _, size := range []int{1, 2, 255, 256, 510, 511, 1276} {
			packets = append(packets, oggtest.Opus(ticks, size, byte(size)))
		}
	}
	packets = append(packets, oggtest.Packet{Data: hugePacket(61440), Ticks: 960})
	s := FromOpus(OpusOptions{Buffer: time.Minute})
	say(t, s, packets[:20]...) // before it plays
	d := demux.NewOgg(open(t, t.Context(), s).Audio)
	say(t, s, packets[20:]...)
	s.End()
	var at int64
	for i, p := range packets {
		f, err := d.Next()
		want := p.Data
		if len(want) == 61440 { // for the most part of padding, without which it is heard
			want = append([]byte{0xf8}, make([]byte, 237)...)
		}
		if err != nil || !bytes.Equal(f.Data, want) || f.PTS != at || f.Duration != p.Ticks {
			t.Fatalf("packet %d: %d bytes of %d at %d, of %d ticks, %v", i, len(f.Data), len(p.Data), f.PTS, f.Duration, err)
		}
		at += p.Ticks
	}
	if _, err := d.Next(); err != io.EOF { // itself: the natural end
		t.Errorf("then %v", err)
	}
	if d.Damage() != 0 {
		t.Errorf("damage: %d", d.Damage())
	}
	s.End()
	if err := s.WriteContext(t.Context(), opusSilence); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a packet after End: %v", err)
	}
}

// hugePacket is mostly padding.
func hugePacket(size int) []byte {
	runs := size / 256
	data := append([]byte{0xfb, 0x41}, bytes.Repeat([]byte{255}, runs)...)
	data = append(data, 0)
	return append(data, make([]byte, size-len(data))...)
}

func TestASourceWithNothingToSayBeginsWithSilence(t *testing.T) {
	leak.Check(t)
	s := FromOpus()
	d := demux.NewOgg(open(t, t.Context(), s).Audio)
	if got := hear(t, d); !bytes.Equal(got, opusSilence) {
		t.Errorf("heard %x", got)
	}
	p := oggtest.Opus(960, 50, 1)
	say(t, s, p)
	if got := hear(t, d); !bytes.Equal(got, p.Data) {
		t.Errorf("heard %x", got)
	}
}

func TestSilenceIsNotReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := FromOpus()
		streams, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := demux.NewOgg(streams.Audio)
		heard := make(chan []byte, 100)
		go func() {
			defer close(heard)
			for f, err := d.Next(); err == nil; f, err = d.Next() {
				heard <- f.Data
			}
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(heard); n != 1 {
			t.Errorf("%d packets came in an hour of silence", n)
		}
		<-heard
		p := oggtest.Opus(960, 50, 1)
		say(t, s, p)
		if got := <-heard; !bytes.Equal(got, p.Data) {
			t.Errorf("heard %x", got)
		}
		streams.Close()
		if _, ok := <-heard; ok {
			t.Error("something is heard after the end")
		}
	})
}

func TestAWriteWaitsWhileTheBufferIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := FromOpus(OpusOptions{Buffer: 100 * time.Millisecond})
		packets := oggtest.Packets(7, 960, 50)
		say(t, s, packets[:5]...)
		if s.Buffered() != 100*time.Millisecond {
			t.Errorf("%v wait", s.Buffered())
		}
		reason := errors.New("too slow")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, reason)
		defer cancel()
		start := time.Now()
		if err := s.WriteContext(ctx, packets[5].Data); !errors.Is(err, reason) || time.Since(start) != time.Second {
			t.Errorf("WriteContext returned %v after %v", err, time.Since(start))
		}
		if err := s.WriteContext(ctx, packets[5].Data); !errors.Is(err, reason) {
			t.Errorf("WriteContext returned %v in an ended context", err)
		}
		written := make(chan struct{})
		go func() {
			say(t, s, packets[6])
			close(written)
		}()
		synctest.Wait()
		select {
		case <-written:
			t.Error("Write did not wait")
		default:
		}
		streams, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer streams.Close()
		d := demux.NewOgg(streams.Audio)
		for _, i := range []int{0, 1, 2, 3, 4, 6} {
			if got := hear(t, d); !bytes.Equal(got, packets[i].Data) {
				t.Errorf("packet %d: heard %x", i, got)
			}
		}
		<-written
	})
}

func TestClearDropsWhatWaitsAndGoesOnWithWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := FromOpus(OpusOptions{Buffer: 40 * time.Millisecond})
		packets := oggtest.Packets(5, 960, 50)
		streams, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer streams.Close()
		told := 0
		streams.OnClear(func() { told++ })
		d := demux.NewOgg(streams.Audio)
		hear(t, d) // silence
		say(t, s, packets[:2]...)
		blocked := make(chan error)
		go func() { blocked <- s.WriteContext(t.Context(), packets[2].Data) }()
		synctest.Wait()
		s.Clear()
		if err := <-blocked; err != nil {
			t.Errorf("a Write that waited: %v", err)
		}
		if s.Buffered() != 0 || told != 1 {
			t.Errorf("%v wait, told %d times", s.Buffered(), told)
		}
		say(t, s, packets[3], packets[4])
		for _, p := range packets[3:] {
			if got := hear(t, d); !bytes.Equal(got, p.Data) {
				t.Errorf("heard %x", got)
			}
		}
		say(t, s, packets[0])
		s.End()
		s.Clear()
		if _, err := d.Next(); err != io.EOF {
			t.Errorf("cleared after End: %v", err)
		}
	})
}

func TestWhatIsNoOpusPacketIsRefused(t *testing.T) {
	s := FromOpus()
	for name, packet := range map[string][]byte{
		"empty": nil, "count 0": {0xff, 0}, "odd halves": {0xf9, 1}, "too long a frame": append([]byte{0xf8}, make([]byte, 1276)...),
		"160 ms": {0xff, 8}, "too large": hugePacket(61441),
	} {
		n, err := s.Write(packet)
		if n != 0 {
			t.Errorf("%s: %d bytes were taken", name, n)
		}
		mustBe(t, err, models.ErrFormat, "FromOpus", "Opus packet")
	}
	if s.Buffered() != 0 {
		t.Errorf("%v wait", s.Buffered())
	}
	for _, buffer := range []time.Duration{time.Millisecond, time.Hour, -1} {
		s := FromOpus(OpusOptions{Buffer: buffer})
		_, err := s.Open(t.Context())
		mustBe(t, err, models.ErrInvalidParams, "Buffer")
		mustBe(t, s.WriteContext(t.Context(), opusSilence), models.ErrInvalidParams, "Buffer")
	}
}

func TestTheEndOfTheStreamsIsTheEndOfTheSource(t *testing.T) {
	reason := errors.New("enough")
	for name, end := range map[string]func(*Streams, context.CancelCauseFunc){
		"closed":    func(s *Streams, _ context.CancelCauseFunc) { s.Close() },
		"cancelled": func(_ *Streams, cancel context.CancelCauseFunc) { cancel(reason) },
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			s := FromOpus(OpusOptions{Buffer: 20 * time.Millisecond})
			say(t, s, oggtest.Opus(960, 50, 1))
			streams, err := s.Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer streams.Close()
			_, err = s.Open(ctx)
			mustBe(t, err, models.ErrFile, "opened before")
			written := make(chan error)
			go func() { written <- s.WriteContext(t.Context(), opusSilence) }()
			end(streams, cancel)
			for err := <-written; !errors.Is(err, os.ErrClosed); err = s.WriteContext(t.Context(), opusSilence) {
				if err != nil {
					t.Fatalf("Write: %v", err)
				}
			}
			_, err = io.Copy(io.Discard, streams.Audio)
			if !errors.Is(err, os.ErrClosed) || name == "cancelled" && !errors.Is(err, reason) {
				t.Errorf("Read: %v", err)
			}
			if _, err := FromOpus().Open(ctx); name == "cancelled" && !errors.Is(err, reason) {
				t.Errorf("Open in an ended context: %v", err)
			}
		})
	}
}

func TestOnlyASourceOfPacketsIsInteractive(t *testing.T) {
	leak.Check(t)
	streams := open(t, t.Context(), FromOpus())
	raw := Raw(WithRaw(t.Context()), open(t, WithRaw(t.Context()), FromOpus()), EncodeOptions{})
	defer raw.Close()
	if !streams.Interactive() || !raw.Interactive() {
		t.Errorf("interactive: %v, raw %v", streams.Interactive(), raw.Interactive())
	}
	other := NewStreams(bytes.NewReader(nil), nil, nil)
	other.OnClear(func() { t.Error("called") })
	if other.Interactive() || NewStreams(nil, nil, nil).Interactive() {
		t.Error("other streams are interactive")
	}
}

func TestASourceOfPacketsIsDecodedForABroadcastWithoutDelay(t *testing.T) {
	leak.Check(t)
	ctx := WithRaw(t.Context())
	s := FromOpus()
	streams := Raw(ctx, open(t, ctx, s), EncodeOptions{})
	defer streams.Close()
	if _, err := io.ReadFull(streams.Audio, make([]byte, 44+3840)); err != nil { // its first 20 ms, of silence, while nothing follows
		t.Fatal(err)
	}
}

func TestAllMethodsMayBeUsedAtATime(t *testing.T) {
	leak.Check(t)
	s := FromOpus(OpusOptions{Buffer: 100 * time.Millisecond})
	streams := open(t, t.Context(), s)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, p := range oggtest.Packets(200, 960, 50) {
				s.Write(p.Data)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			s.Clear()
			s.Buffered()
			streams.OnClear(func() {})
		}
	})
	ended := make(chan error)
	go func() {
		_, err := listen(streams.Audio)
		ended <- err
	}()
	wg.Wait()
	s.End()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// FuzzOpusSource: what is taken comes out as it went in, and what no demuxer takes is refused.
func FuzzOpusSource(f *testing.F) {
	for _, seed := range [][]byte{opusSilence, {0xff, 0}, {0xfb, 0x41, 0xff, 0}, {0xfa, 252}, make([]byte, 600), {}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		s := FromOpus()
		taken := s.WriteContext(t.Context(), packet) == nil
		streams, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer streams.Close()
		s.End()
		var heard [][]byte
		d := demux.NewOgg(streams.Audio)
		got, err := d.Next()
		for ; err == nil; got, err = d.Next() {
			heard = append(heard, got.Data)
		}
		want := [][]byte{opusSilence}
		if taken {
			want = [][]byte{packet}
		}
		if err != io.EOF || !slices.EqualFunc(heard, want, bytes.Equal) {
			t.Errorf("%x: heard %x, %v", packet, heard, err)
		}
	})
}
