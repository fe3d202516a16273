package sfutest

// vp8Descriptor is what stands in front of VP8 in a packet (RFC 7741 §4.2).
type vp8Descriptor struct {
	length     int  // bytes
	start      bool // a frame begins: S, and partition 0
	pictureID  int  // -1: none
	idBits     int  // 0, 7 or 15
	reserved   bool // bits are set that have to be 0
	key        bool // of a packet that starts a frame: it is a key frame (RFC 6386 §9.1)
	hasPayload bool
}

const pictureIDs = 1 << 15 // they are counted modulo that

// The bits of the descriptor's octets, RFC 7741 §4.2 figure 2.
const (
	vp8X, vp8Reserved, vp8S, vp8PID           = 0x80, 0x48, 0x10, 0x07
	vp8I, vp8L, vp8T, vp8K, vp8ReservedFields = 0x80, 0x40, 0x20, 0x10, 0x0f
	vp8M                                      = 0x80
)

// parseVP8 reads the descriptor of a payload; false when it is cut.
func parseVP8(b []byte) (d vp8Descriptor, ok bool) {
	d.pictureID = -1
	if len(b) == 0 {
		return d, false
	}
	first, at := b[0], 1
	d.start, d.reserved = first&vp8S != 0 && first&vp8PID == 0, first&vp8Reserved != 0
	if first&vp8X != 0 {
		if at >= len(b) {
			return d, false
		}
		fields := b[at]
		at++
		d.reserved = d.reserved || fields&vp8ReservedFields != 0
		if fields&vp8I != 0 {
			if at = d.readPictureID(b, at); at > len(b) {
				return d, false
			}
		}
		if fields&vp8L != 0 {
			at++ // TL0PICIDX
		}
		if fields&(vp8T|vp8K) != 0 {
			at++ // TID, Y and KEYIDX share an octet
		}
	}
	if d.length = at; at > len(b) {
		return d, false
	}
	d.hasPayload = at < len(b)
	d.key = d.start && d.hasPayload && b[at]&1 == 0
	return d, true
}

// readPictureID reads the id and returns where it ends, which is behind b when it is cut.
func (d *vp8Descriptor) readPictureID(b []byte, at int) int {
	switch {
	case at >= len(b):
		return len(b) + 1
	case b[at]&vp8M == 0:
		d.pictureID, d.idBits = int(b[at]), 7
		return at + 1
	case at+1 >= len(b):
		return len(b) + 1
	}
	d.pictureID, d.idBits = int(b[at]&^vp8M)<<8|int(b[at+1]), 15
	return at + 2
}
