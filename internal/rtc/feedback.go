package rtc

import (
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// Feedback counts what the server has sent about our media.
type Feedback struct {
	Reports uint64 // reception reports on our SSRCs
	NACKs   uint64 // packets asked for again; those that are remembered were sent again
	// PLIs and FIRs are key frames asked for. The next one of the stream is the answer: sources have one every two seconds.
	PLIs, FIRs uint64
}

// feedback is the live form of Feedback.
type feedback struct {
	reports, nacks, plis, firs atomic.Uint64
}

func (f *feedback) snapshot() Feedback {
	return Feedback{Reports: f.reports.Load(), NACKs: f.nacks.Load(), PLIs: f.plis.Load(), FIRs: f.firs.Load()}
}

// read is the goroutine of one sender: it counts what the server says about its track, and answers. It ends with the sender.
func (f *feedback) read(sender *webrtc.RTPSender, t *track) {
	buffer := make([]byte, 1500) // one datagram
	for {
		n, _, err := sender.Read(buffer)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buffer[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			f.take(p, t)
		}
	}
}

// countReports counts the blocks about the track: a report with blocks about both tracks reaches both readers.
func (f *feedback) countReports(blocks []rtcp.ReceptionReport, t *track) {
	for _, b := range blocks {
		if b.SSRC == t.ssrc {
			f.reports.Add(1)
		}
	}
}

func (f *feedback) take(p rtcp.Packet, t *track) {
	switch p := p.(type) {
	case *rtcp.ReceiverReport:
		f.countReports(p.Reports, t)
	case *rtcp.SenderReport:
		f.countReports(p.Reports, t)
	case *rtcp.TransportLayerNack:
		for _, pair := range p.Nacks {
			for _, sequence := range pair.PacketList() {
				f.nacks.Add(1)
				t.retransmit(sequence)
			}
		}
	case *rtcp.PictureLossIndication:
		f.plis.Add(1)
	case *rtcp.FullIntraRequest:
		f.firs.Add(1)
	}
}
