package demux

// fill reads len(p) bytes into p: what is in the buffer first, the rest without going through it. It reports false when the input ended before;
// b.err then says how.
func (b *window) fill(p []byte) bool {
	n := copy(p, b.bytes())
	b.drop(n)
	direct := window{src: b.src, buf: p, w: n, err: b.err, eof: b.eof}
	for direct.w < len(p) {
		if direct.err != nil {
			return false
		}
		direct.read()
		b.err, b.eof = direct.err, direct.eof
	}
	return true
}
