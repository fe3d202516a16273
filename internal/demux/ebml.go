package demux

import "math/bits"

// ebmlSignature begins every EBML document (RFC 8794 section 8.1).
var ebmlSignature = []byte{0x1a, 0x45, 0xdf, 0xa3}

const (
	// maxEBMLHead is the size of an element's ID and length at most (RFC 8794 sections 5 and 6).
	maxEBMLHead = 4 + 8
	// unknownSize is the length of an element that ends where its parent ends, or where another one of its level begins.
	unknownSize = -1
)

// element is the beginning of an EBML element.
type element struct {
	id   uint32
	size int64 // of its body, or unknownSize
	head int   // bytes of ID and length
}

// parseElement reads the ID and the length at the front of b. ok is false when they are not well-formed; whole is false when b ends inside them.
func parseElement(b []byte) (e element, whole, ok bool) {
	if len(b) == 0 {
		return e, false, true
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if n > 4 {
		return e, true, false
	}
	if len(b) <= n {
		return e, false, true
	}
	for _, v := range b[:n] {
		e.id = e.id<<8 | uint32(v)
	}
	size, length, known := parseVint(b[n:])
	switch {
	case b[n] == 0:
		return e, true, false
	case length == 0:
		return e, false, true
	case !known:
		size = unknownSize
	}
	e.size, e.head = size, n+length
	return e, true, true
}

// parseVint reads a number of variable length: n is how many bytes it has, 0 when b ends inside it or it has none. known is false when all its bits
// are set.
func parseVint(b []byte) (v int64, n int, known bool) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0, true
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if len(b) < n {
		return 0, 0, true
	}
	v = int64(b[0]) & (1<<(8-n) - 1)
	for _, c := range b[1:n] {
		v = v<<8 | int64(c)
	}
	return v, n, v != 1<<(7*n)-1
}

// children calls visit for each element in the body of another one. It reports false when one of them is not well-formed, or goes beyond the body.
func children(body []byte, visit func(id uint32, body []byte)) bool {
	for len(body) > 0 {
		e, whole, ok := parseElement(body)
		if !whole || !ok || e.size == unknownSize || e.size > int64(len(body)-e.head) {
			return false
		}
		end := e.head + int(e.size)
		visit(e.id, body[e.head:end])
		body = body[end:]
	}
	return true
}

// ebmlUint reads an unsigned integer. One that is longer than 8 bytes is none: ok is false.
func ebmlUint(b []byte) (v uint64, ok bool) {
	if len(b) > 8 {
		return 0, false
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, true
}
