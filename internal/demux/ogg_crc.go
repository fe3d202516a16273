package demux

// oggPolynomial of the page checksum: not reflected, start value and final XOR are 0 (RFC 3533 section 6). hash/crc32 has only reflected ones.
const oggPolynomial = 0x04c11db7

// oggTable[k][b] is the checksum of byte b followed by k zero bytes, so that four bytes are taken at a time.
var oggTable = func() (t [4][256]uint32) {
	for b := range 256 {
		crc := uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ oggPolynomial
			} else {
				crc <<= 1
			}
		}
		t[0][b] = crc
	}
	for k := 1; k < len(t); k++ {
		for b := range 256 {
			crc := t[k-1][b]
			t[k][b] = crc<<8 ^ t[0][crc>>24]
		}
	}
	return t
}()

// pageCRC returns the checksum of a page, with the four bytes of its checksum field taken as zero.
func pageCRC(page []byte) uint32 {
	crc := updateCRC(0, page[:22])
	crc = updateCRC(crc, make([]byte, 4))
	return updateCRC(crc, page[26:])
}

func updateCRC(crc uint32, b []byte) uint32 {
	for len(b) >= 4 {
		crc ^= uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		crc = oggTable[3][crc>>24] ^ oggTable[2][crc>>16&0xff] ^ oggTable[1][crc>>8&0xff] ^ oggTable[0][crc&0xff]
		b = b[4:]
	}
	for _, v := range b {
		crc = crc<<8 ^ oggTable[0][byte(crc>>24)^v]
	}
	return crc
}
