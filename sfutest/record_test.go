package sfutest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

func TestRecordHasWhatWasSent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.sendReport(p.video, p.videoSSRC(), nil)
		settle()
		if ssrcs := e.SSRCs(); len(ssrcs) != 0 || len(e.SenderReports(e.VideoSSRC())) != 1 {
			t.Errorf("SSRCs of media %v, %d reports", ssrcs, len(e.SenderReports(e.VideoSSRC())))
		}
		start := time.Now()
		var sent []rtp.Packet
		p.play(100, func(_ int, packet *rtp.Packet) { sent = append(sent, *packet.Clone()) })
		settle()
		got := e.Records(e.AudioSSRC())
		if len(got) != len(sent) {
			t.Fatalf("%d packets recorded, %d sent", len(got), len(sent))
		}
		for i, g := range got {
			s := sent[i]
			want := Packet{
				SSRC: p.payload.SSRC, Seq: s.SequenceNumber, Timestamp: s.Timestamp, PayloadType: 111, Marker: i == 0,
				Arrival: start.Add(time.Duration(i) * 20 * time.Millisecond), Size: 160, Payload: nil,
				Extensions: Extensions{IDs: 1<<1 | 1<<2 | 1<<3, Voice: true, AudioLevel: 20, TransportSeq: uint16(i + 1)},
			}
			want.Extensions.AbsSendTime = uint32(ticks(want.Arrival.Sub(p.epoch), 1<<18))
			if !bytes.Equal(g.Payload, s.Payload) {
				t.Fatalf("packet %d: another payload", i)
			}
			if g.Payload = nil; !samePacket(g, want) {
				t.Fatalf("packet %d is\n%+v, expected\n%+v", i, g, want)
			}
			if !g.Extensions.Has(3) || g.Extensions.Has(13) || g.Extensions.Has(-1) || g.Extensions.Has(16) {
				t.Fatalf("packet %d: extensions %b", i, g.Extensions.IDs)
			}
		}
		if ssrcs := e.SSRCs(); !slices.Equal(ssrcs, []uint32{e.AudioSSRC()}) {
			t.Errorf("SSRCs %v", ssrcs)
		}
		reports := e.SenderReports(e.AudioSSRC())
		if len(reports) != 2 || !reports[1].Arrival.Equal(start.Add(time.Second)) || reports[1].Packets != 50 || reports[1].Bytes != 8000 ||
			reports[1].NTP.Sub(reports[1].Arrival).Abs() > time.Microsecond || reports[1].Timestamp != sent[50].Timestamp {
			t.Errorf("reports %+v", reports)
		}
		at, ok := e.SenderTime(e.AudioSSRC(), sent[0].Timestamp)
		if !ok || at.Sub(start).Abs() > time.Microsecond {
			t.Errorf("the first packet was sent at %v, %v, expected %v", at, ok, start)
		}
		if _, ok := e.SenderTime(e.RTXSSRC(), 0); ok {
			t.Error("a sender time without a report")
		}
	})
}

func samePacket(a, b Packet) bool {
	return a.Arrival.Equal(b.Arrival) && a.SSRC == b.SSRC && a.Seq == b.Seq && a.Timestamp == b.Timestamp && a.PayloadType == b.PayloadType &&
		a.Marker == b.Marker && a.Size == b.Size && a.Extensions == b.Extensions && a.Retransmitted == b.Retransmitted
}

func TestRecordKeepsTheLatest(t *testing.T) {
	for _, limit := range []int{0, 1, 30} {
		inFakeTime(t, func(t *testing.T, w *world) {
			p, e := w.join(1, peerOptions{})
			p.play(100, nil)
			settle()
			got := e.Records(e.AudioSSRC())
			if len(got) != limit || e.Stats(e.AudioSSRC()).Packets != 100 {
				t.Fatalf("%d of 100 kept, %+v", len(got), e.Stats(e.AudioSSRC()))
			}
			for i, g := range got {
				if want := p.audio.seq - uint16(limit) + uint16(i); g.Seq != want {
					t.Errorf("number %d is %d, expected %d", i, g.Seq, want)
				}
			}
		}, WithRecordLimit(limit))
	}
}

func TestPacketsComeAsTheyArrive(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(10, nil)
		p.readers.Go(func() { p.play(200, nil) })
		var seqs []uint16
		for packet := range e.Packets(t.Context(), e.AudioSSRC()) {
			seqs = append(seqs, packet.Seq)
			if late := time.Since(packet.Arrival); len(seqs) > 11 && late > 0 {
				t.Fatalf("packet %d comes %v late", len(seqs), late)
			}
			if len(seqs) == 150 {
				break
			}
		}
		for i := range seqs {
			if seqs[i] != seqs[0]+uint16(i) {
				t.Fatalf("number %d is %d, the first was %d", i, seqs[i], seqs[0])
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		n := 0
		for range e.Packets(ctx, e.AudioSSRC()) {
			n++
		}
		if n != 210 {
			t.Errorf("%d packets until the context ended", n)
		}
		time.AfterFunc(time.Second, e.Kick)
		n = 0
		for range e.Packets(t.Context(), e.AudioSSRC()) {
			n++
		}
		if n != 210 {
			t.Errorf("%d packets until the endpoint ended", n)
		}
	})
}

func TestPacketsEndWithTheContextForALoopThatIsSlowerThanThey(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(100, nil)
		p.readers.Go(func() { p.play(1000, nil) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		n, last := 0, time.Time{}
		for packet := range e.Packets(ctx, e.AudioSSRC()) {
			time.Sleep(30 * time.Millisecond)
			n, last = n+1, packet.Arrival
		}
		if ended, _ := ctx.Deadline(); n < 140 || last.Sub(ended) > 30*time.Millisecond {
			t.Errorf("%d packets, the last one of %v after the context ended; want those that had arrived by then", n, last.Sub(ended))
		}
	})
}

func TestWaitPackets(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.readers.Go(func() { p.play(100, nil) })
		start := time.Now()
		must(t, e.WaitPackets(t.Context(), e.AudioSSRC(), 51))
		if took := time.Since(start); took != time.Second {
			t.Errorf("packet 51 came after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := e.WaitPackets(ctx, e.AudioSSRC(), 101); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("packet 101: %v", err)
		}
		time.AfterFunc(time.Second, e.Kick)
		if err := e.WaitPackets(t.Context(), e.AudioSSRC(), 101); !errors.Is(err, ErrKicked) {
			t.Errorf("packet 101 of an ended endpoint: %v", err)
		}
		must(t, e.WaitPackets(t.Context(), e.AudioSSRC(), 100))
	})
}

// readOgg returns the granule positions of a file's pages behind its headers, and the payloads.
func readOgg(t *testing.T, file []byte) (positions []uint64, payloads [][]byte) {
	t.Helper()
	r, header, err := oggreader.NewWith(bytes.NewReader(file))
	must(t, err)
	if header.Channels != 2 || header.SampleRate != 48000 || header.PreSkip != 0 {
		t.Errorf("header %+v", header)
	}
	for {
		payload, page, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return positions[1:], payloads[1:]
		}
		must(t, err)
		positions, payloads = append(positions, page.GranulePosition), append(payloads, payload)
	}
}

func TestOggPositionsAreThoseOfTheTimestamps(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		var live bytes.Buffer
		copied := make(chan error, 1)
		go func() { copied <- e.CopyOgg(t.Context(), &live) }()
		mark := func(i int, packet *rtp.Packet) {
			packet.Marker = i == 0
			packet.Payload = binary.BigEndian.AppendUint32([]byte{0xfc}, uint32(p.audio.seq))
		}
		p.play(50, mark)
		time.Sleep(3 * time.Second)
		p.audio.stamp += 3 * 48000
		p.play(50, mark)
		settle()
		e.Kick()
		must(t, <-copied)
		var whole bytes.Buffer
		must(t, e.WriteOgg(&whole))
		if !bytes.Equal(whole.Bytes(), live.Bytes()) {
			t.Errorf("WriteOgg made %d bytes, CopyOgg %d", whole.Len(), live.Len())
		}
		positions, payloads := readOgg(t, whole.Bytes())
		if len(positions) != 100 {
			t.Fatalf("%d pages", len(positions))
		}
		for i, got := range positions {
			want := uint64(i+1) * 960
			if i >= 50 {
				want += 3 * 48000
			}
			if got != want || len(payloads[i]) != 5 {
				t.Errorf("page %d ends at %d with %d bytes, expected %d", i, got, len(payloads[i]), want)
			}
		}
	})
}

func TestOggOfReorderedPacketsIsInOrder(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		var live bytes.Buffer
		copied := make(chan error, 1)
		go func() { copied <- e.CopyOgg(t.Context(), &live) }()
		p.play(200, nil)
		settle()
		e.Kick()
		must(t, <-copied)
		positions, _ := readOgg(t, live.Bytes())
		if len(positions) != 200 || !slices.IsSorted(positions) {
			t.Errorf("%d pages, in order: %v", len(positions), slices.IsSorted(positions))
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithReorder(0.2, 50*time.Millisecond))
}

func TestNothingToWrite(t *testing.T) {
	s, _ := quiet(t)
	e := joined(t, s, 1, testPayload(1, 2, 3))
	if err := e.WriteOgg(io.Discard); err == nil {
		t.Error("an Ogg file of nothing")
	}
	if err := e.WriteIVF(io.Discard); err == nil {
		t.Error("an IVF file of nothing")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestErrorsOfTheWriterComeBack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(50, nil)
		p.film(10, nil)
		settle()
		for name, err := range map[string]error{
			"WriteOgg": e.WriteOgg(brokenWriter{}), "CopyOgg": e.CopyOgg(t.Context(), brokenWriter{}), "WriteIVF": e.WriteIVF(brokenWriter{}),
		} {
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestIVFHasTheCompleteFrames(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(30, nil)
		settle()
		frames, incomplete := e.Frames()
		if len(frames) != 30 || incomplete != 0 {
			t.Fatalf("%d frames and %d incomplete ones", len(frames), incomplete)
		}
		if !frames[0].Key || frames[1].Key || frames[0].Packets != 3 || frames[29].PTS != 29*3000 {
			t.Errorf("first frame %+v", frames[0])
		}
		var file bytes.Buffer
		must(t, e.WriteIVF(&file))
		r, header, err := ivfreader.NewWith(&file)
		must(t, err)
		if header.FourCC != "VP80" || header.Width != 320 || header.Height != 240 || header.NumFrames != 30 ||
			header.TimebaseDenominator != 90000 || header.TimebaseNumerator != 1 {
			t.Errorf("header %+v", header)
		}
		for i := range 30 {
			data, h, err := r.ParseNextFrame()
			must(t, err)
			// pion's reader multiplies by the time base's denominator instead of dividing
			if h.Timestamp != uint64(i)*3000*90000 || !bytes.Equal(data, frames[i].Data) {
				t.Errorf("frame %d: %+v", i, h)
			}
		}
	})
}

func TestFramesWithAMissingPacketAreIncomplete(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{noRTX: true})
		p.film(300, nil)
		time.Sleep(3 * time.Second)
		frames, incomplete := e.Frames()
		st := e.Stats(e.VideoSSRC())
		if st.Lost == 0 || incomplete == 0 || len(frames)+incomplete > 300 || len(frames)+incomplete < 295 {
			t.Errorf("%d frames, %d incomplete ones, %d packets lost", len(frames), incomplete, st.Lost)
		}
		for _, f := range frames {
			if f.Packets != 3 {
				t.Errorf("a complete frame of %d packets", f.Packets)
			}
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithLoss(0.1))
}
