package broadcast

import (
	"bytes"
	"encoding/binary"

	"github.com/at-wat/ebml-go"
)

// track is a track's number; 0 is none.
type track uint8

// Sound comes first in the file, because it is what is never missing.
const (
	audioTrack track = 1
	videoTrack track = 2
)

// The elements of a Matroska stream that matter here (RFC 9559 section 5), by their names there.
type (
	file struct {
		EBML    ebmlHeader `ebml:"EBML"`
		Segment segment    `ebml:"Segment,size=unknown"`
	}
	ebmlHeader struct {
		EBMLVersion            uint64
		EBMLReadVersion        uint64
		EBMLMaxIDLength        uint64
		EBMLMaxSizeLength      uint64
		EBMLDocType            string
		EBMLDocTypeVersion     uint64
		EBMLDocTypeReadVersion uint64
	}
	segment struct {
		Info   info
		Tracks tracks
	}
	info struct {
		TimecodeScale uint64 // ns
		MuxingApp     string
		WritingApp    string
	}
	tracks struct {
		TrackEntry []trackEntry
	}
	trackEntry struct {
		TrackNumber uint64
		TrackUID    uint64
		TrackType   uint64
		FlagLacing  uint64
		CodecID     string
		Audio       *audioTrackEntry
		Video       *videoTrackEntry
	}
	audioTrackEntry struct {
		SamplingFrequency float64
		Channels          uint64
		BitDepth          uint64
	}
	videoTrackEntry struct {
		PixelWidth  uint64
		PixelHeight uint64
		ColourSpace []byte
	}
)

// header returns what comes before the first block. The segment has no size: it never ends.
func header(c Config) ([]byte, error) {
	f := file{
		EBML: ebmlHeader{
			EBMLVersion: 1, EBMLReadVersion: 1, EBMLMaxIDLength: 4, EBMLMaxSizeLength: 8,
			EBMLDocType: "matroska", EBMLDocTypeVersion: 4, EBMLDocTypeReadVersion: 2,
		},
		Segment: segment{
			Info: info{TimecodeScale: 1_000_000, MuxingApp: "gotgcall", WritingApp: "gotgcall"},
			Tracks: tracks{TrackEntry: []trackEntry{
				{
					TrackNumber: uint64(audioTrack), TrackUID: uint64(audioTrack), TrackType: 2, CodecID: "A_PCM/INT/LIT",
					Audio: &audioTrackEntry{SamplingFrequency: sampleRate, Channels: 2, BitDepth: 16},
				},
				{
					TrackNumber: uint64(videoTrack), TrackUID: uint64(videoTrack), TrackType: 1, CodecID: "V_UNCOMPRESSED",
					Video: &videoTrackEntry{PixelWidth: uint64(c.Width), PixelHeight: uint64(c.Height), ColourSpace: []byte("I420")},
				},
			}},
		},
	}
	var b bytes.Buffer
	err := ebml.Marshal(&f, &b)
	return b.Bytes(), err
}

// appendHeader appends what comes before a block's data: a Cluster with the block's time and a SimpleBlock, both of known size. A Cluster for
// each block costs 22 bytes and leaves nothing to overflow: times within a Cluster have 16 bits.
func (b block) appendHeader(to []byte) []byte {
	const (
		timestamp = 1 + 1 + 8       // ID, size, value
		opening   = 1 + 8           // of the SimpleBlock: ID, size
		prefix    = 1 + 2 + 1       // track number, time within the Cluster, flags
		sizeOf8   = uint64(1) << 56 // marks a size of 8 bytes
	)
	be := binary.BigEndian
	n := uint64(prefix + len(b.data))
	to = append(to, 0x1f, 0x43, 0xb6, 0x75) // Cluster
	to = be.AppendUint64(to, sizeOf8|(timestamp+opening+n))
	to = append(to, 0xe7, 0x88) // Timestamp, 8 bytes
	to = be.AppendUint64(to, b.at)
	to = append(to, 0xa3) // SimpleBlock
	to = be.AppendUint64(to, sizeOf8|n)
	return append(to, 0x80|byte(b.track), 0, 0, 0x80) // a key frame
}
