package main

import (
	"errors"
	"fmt"
	"os"

	"gotgcall/sfutest"
)

// recordings are the files for what the listener gets.
type recordings struct {
	sound   *os.File
	picture *os.File // nil without -film
}

func createFiles(s settings) (r recordings, err error) {
	if r.sound, err = os.Create(s.recording); err == nil && s.film {
		r.picture, err = os.Create(s.picture)
	}
	if err != nil {
		r.close()
		return recordings{}, fmt.Errorf("%w: %w", errRecording, err)
	}
	return r, nil
}

// close may be called without files. What has to be in them has been written and checked before.
func (r recordings) close() {
	for _, f := range []*os.File{r.sound, r.picture} {
		if f != nil {
			f.Close()
		}
	}
}

// pictureEvidence is what a performance leaves of the picture.
type pictureEvidence struct {
	pieces       []piece
	starts       []arrival // the first packet of each frame
	stats        sfutest.StreamStats
	counters     sfutest.Counters
	reports      []sfutest.SenderReport
	soundReports []sfutest.SenderReport
	file         string // "": nothing to write came
	note         string // what is to be said about the file
	whole        bool   // the file has everything that came
}

func pictureEvidenceOf(l *listener) pictureEvidence {
	e := l.endpoint
	p := pictureEvidence{
		stats: e.Stats(e.VideoSSRC()), counters: e.Counters(),
		reports: e.SenderReports(e.VideoSSRC()), soundReports: e.SenderReports(e.AudioSSRC()),
	}
	p.pieces, p.starts = l.seen()
	return p
}

// writePicture writes the file of the picture, and removes it when there was none.
func (r recordings) writePicture(e *sfutest.Endpoint, p *pictureEvidence) error {
	name := r.picture.Name()
	kept := len(e.Records(e.VideoSSRC()))
	if err := e.WriteIVF(r.picture); err != nil {
		var failed *os.PathError
		if errors.As(err, &failed) {
			return fmt.Errorf("%w: %w", errRecording, err)
		}
		p.note = err.Error()
		return os.Remove(name)
	}
	p.file, p.whole = name, int64(kept) >= p.stats.Packets
	if !p.whole {
		p.note = fmt.Sprintf("the last %d packets; no more are kept", kept)
	}
	return nil
}
