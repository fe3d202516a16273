package main

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

// packet is a call's RTP packet, made once and changed in place: what the library sends, with the same header extensions.
type packet struct {
	header  rtp.Header
	level   [1]byte
	absTime [3]byte
	twcc    [2]byte
	payload []byte
}

func newPacket(ssrc uint32) (*packet, error) {
	p := &packet{payload: make([]byte, frameSize), level: [1]byte{0x80 | 20}}
	p.header = rtp.Header{Version: 2, PayloadType: jsonparams.PayloadTypeOpus, SSRC: ssrc}
	for _, e := range []struct {
		id    uint8
		value []byte
	}{
		{jsonparams.ExtAudioLevel, p.level[:]}, {jsonparams.ExtAbsSendTime, p.absTime[:]}, {jsonparams.ExtTransportCC, p.twcc[:]},
	} {
		if err := p.header.SetExtension(e.id, e.value); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// stamp makes it the packet of this number.
func (p *packet) stamp(sequence uint16, timestamp uint32) {
	p.header.SequenceNumber, p.header.Timestamp = sequence, timestamp
	const fraction = 18 // bits of abs-send-time behind the point
	now := time.Now()
	abs := uint32(now.Unix()%64)<<fraction | uint32(now.Nanosecond()<<fraction/int(time.Second)) //nolint:gosec // 24 bits
	p.absTime = [3]byte{byte(abs >> 16), byte(abs >> 8), byte(abs)}
	binary.BigEndian.PutUint16(p.twcc[:], sequence)
}
