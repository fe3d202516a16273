package demux

import "io"

// maxStep is what steps reads at a time, at most.
const maxStep = 1 << 20

// steps reads a file in larger and larger pieces, from seekChunk on. Each of them may be a request to a server: a beginning with a large picture in it
// takes a few, and not a hundred.
type steps struct {
	// Set at construction.
	from io.Reader

	// Owned by the reading goroutine.
	piece []byte
	rest  []byte // of the piece
}

// Read implements io.Reader.
func (s *steps) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		if size := min(max(seekChunk, 2*len(s.piece)), maxStep); size > len(s.piece) {
			s.piece = make([]byte, size)
		}
		n, err := s.from.Read(s.piece)
		if n == 0 {
			return 0, err
		}
		s.rest = s.piece[:n] // an error comes again
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
