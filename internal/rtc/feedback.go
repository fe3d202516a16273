package rtc

import (
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// Feedback counts what the server has sent about our media.
type Feedback struct {
	Reports uint64 // reception reports on our SSRCs
	NACKs   uint64 // packets asked for again
	PLIs    uint64 // key frames asked for by Picture Loss Indication
	FIRs    uint64 // key frames asked for by Full Intra Request
}

// feedback is the live form of Feedback.
type feedback struct {
	reports, nacks, plis, firs atomic.Uint64
}

func (f *feedback) snapshot() Feedback {
	return Feedback{Reports: f.reports.Load(), NACKs: f.nacks.Load(), PLIs: f.plis.Load(), FIRs: f.firs.Load()}
}

// read is the goroutine of one sender. Reading is what drives the NACK responder, too. It ends with the sender.
func (f *feedback) read(sender *webrtc.RTPSender) {
	buffer := make([]byte, 1500) // one datagram
	for {
		n, attributes, err := sender.Read(buffer)
		if err != nil {
			return
		}
		packets, err := attributes.GetRTCPPackets(buffer[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			f.count(p)
		}
	}
}

func (f *feedback) count(p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.ReceiverReport:
		f.reports.Add(uint64(len(p.Reports)))
	case *rtcp.SenderReport:
		f.reports.Add(uint64(len(p.Reports)))
	case *rtcp.TransportLayerNack:
		for _, pair := range p.Nacks {
			f.nacks.Add(uint64(len(pair.PacketList())))
		}
	case *rtcp.PictureLossIndication:
		f.plis.Add(1)
	case *rtcp.FullIntraRequest:
		f.firs.Add(1)
	}
}
