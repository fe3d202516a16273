package sfutest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// ViolationKind names one thing that a client must not do on the wire.
type ViolationKind uint8

const (
	// ViolationMissingAudioLevel: an audio packet without header extension 1. The server takes it for silence and forwards nothing.
	ViolationMissingAudioLevel ViolationKind = iota + 1
	// ViolationUnknownExtension: a header extension id that the packet's kind of media does not have (audio 1, 2, 3; video 2, 3, 13).
	ViolationUnknownExtension
	// ViolationMID: an extension whose value reads like an sdes mid or rid. Receivers' demultiplexing breaks on them.
	ViolationMID
	// ViolationMalformedExtension: an extension whose value has the wrong length, or a block that cannot be parsed.
	ViolationMalformedExtension
	// ViolationAbsSendTime: abs-send-time (extension 2) does not advance with the wall clock.
	ViolationAbsSendTime
	// ViolationTransportSequence: the transport-wide numbers (extension 3) have a gap or a repetition that no loss explains.
	ViolationTransportSequence
	// ViolationUndeclaredSSRC: RTP under an SSRC which the join payload does not have. The server drops it.
	ViolationUndeclaredSSRC
	// ViolationUnknownPayloadType: a payload type other than 111, 100 and 101.
	ViolationUnknownPayloadType
	// ViolationPayloadTypeMismatch: a known payload type under an SSRC that was declared for another.
	ViolationPayloadTypeMismatch
	// ViolationAudioMarker: three audio packets in a row with the marker bit and without a gap between them. It belongs to the first one of a talk spurt only.
	ViolationAudioMarker
	// ViolationSequence: sequence numbers with a gap, jump or repetition that no loss explains.
	ViolationSequence
	// ViolationTimestamp: a timestamp that does not follow from the packet before it, or after a marker from the wall clock.
	ViolationTimestamp
	// ViolationPacing: a burst: more media time in a row than wall time passed meanwhile.
	ViolationPacing
	// ViolationDrift: media time and wall time have parted since the stream's first packet.
	ViolationDrift
	// ViolationMissingSR: media flowed for more than three seconds without a Sender Report.
	ViolationMissingSR
	// ViolationSenderReport: a Sender Report whose NTP time and RTP timestamp do not fit the packets.
	ViolationSenderReport
	// ViolationMalformed: an RTP or RTCP packet that cannot be decrypted or parsed.
	ViolationMalformed
	// ViolationSharedPath: two live calls send from the same address to the same server address: neither client nor server can tell
	// them apart. A call that is not heard any more has closed its socket, and the system may have given its port to another one.
	ViolationSharedPath
	// ViolationVP8Descriptor: a VP8 payload descriptor (RFC 7741) that is cut, has reserved bits set or another length than those before; a
	// frame that does not begin with the start of partition 0, or has that again in its middle.
	ViolationVP8Descriptor
	// ViolationPictureID: a picture id that is missing, has not 15 bits, changes within a frame or does not count the frames.
	ViolationPictureID
	// ViolationPayloadSize: a video payload of more than 1200 bytes.
	ViolationPayloadSize
	// ViolationNoKeyFrame: the first frame of the video, or the first one after a time of sound without picture, is no key frame.
	ViolationNoKeyFrame
	// ViolationKeyFrameRequest: video went on for too long without a key frame after a PLI or FIR. It is not looked for where the server's
	// options lose packets, the requests among them.
	ViolationKeyFrameRequest
	// ViolationFrameBurst: too many packets of a video frame were sent at once.
	ViolationFrameBurst
	// ViolationMissingPadding: nothing came on the SSRC of a declared video for a few seconds, while there was sound.
	ViolationMissingPadding
	// ViolationClock: Sender Reports whose NTP clock jumps against the media's, or sound and picture have different NTP clocks.
	ViolationClock
	// ViolationRetransmission: a packet on the RTX SSRC that is not the answer to a NACK.
	ViolationRetransmission

	violationKinds // their number, plus one
)

var violationNames = [violationKinds]string{
	ViolationMissingAudioLevel:   "missing audio level",
	ViolationUnknownExtension:    "unknown extension",
	ViolationMID:                 "mid or rid extension",
	ViolationMalformedExtension:  "malformed extension",
	ViolationAbsSendTime:         "abs-send-time",
	ViolationTransportSequence:   "transport-wide sequence",
	ViolationUndeclaredSSRC:      "undeclared SSRC",
	ViolationUnknownPayloadType:  "unknown payload type",
	ViolationPayloadTypeMismatch: "payload type mismatch",
	ViolationAudioMarker:         "audio marker",
	ViolationSequence:            "sequence discontinuity",
	ViolationTimestamp:           "timestamp discontinuity",
	ViolationPacing:              "pacing burst",
	ViolationDrift:               "drift",
	ViolationMissingSR:           "missing sender report",
	ViolationSenderReport:        "inconsistent sender report",
	ViolationMalformed:           "malformed packet",
	ViolationSharedPath:          "shared path",
	ViolationVP8Descriptor:       "VP8 payload descriptor",
	ViolationPictureID:           "picture id",
	ViolationPayloadSize:         "payload size",
	ViolationNoKeyFrame:          "no key frame at the start",
	ViolationKeyFrameRequest:     "key frame request",
	ViolationFrameBurst:          "frame burst",
	ViolationMissingPadding:      "missing padding",
	ViolationClock:               "clock",
	ViolationRetransmission:      "retransmission",
}

// String returns the kind in a few words.
func (k ViolationKind) String() string {
	if k == 0 || k >= violationKinds {
		return "ViolationKind(" + strconv.Itoa(int(k)) + ")"
	}
	return violationNames[k]
}

// Violation is how often one rule was broken, and how it looked for the first time.
type Violation struct {
	Kind  ViolationKind
	Count int
	// First describes the first occurrence.
	First string
}

// String returns kind, count and first occurrence.
func (v Violation) String() string {
	return fmt.Sprintf("%s ×%d, first: %s", v.Kind, v.Count, v.First)
}

// ledger counts violations, and again in its parent when it has one. It may be used concurrently.
type ledger struct {
	parent *ledger
	who    string // put before the examples in the parent

	mu   sync.Mutex // guards kind
	kind [violationKinds]Violation
}

// add counts one violation; the text is made for the first of its kind only.
func (l *ledger) add(k ViolationKind, format string, args ...any) {
	l.mu.Lock()
	if v := &l.kind[k]; v.Count == 0 {
		*v = Violation{k, 1, fmt.Sprintf(format, args...)}
	} else {
		v.Count++
	}
	l.mu.Unlock()
	if l.parent != nil {
		l.parent.add(k, l.who+format, args...)
	}
}

// list returns what was violated, in the order of the kinds.
func (l *ledger) list() []Violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.kind[:]), func(v Violation) bool { return v.Count == 0 })
}
