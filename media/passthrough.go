package media

import (
	"context"
	"fmt"
	"strconv"

	"gotgcall/models"
)

// Passthrough says whether the sound of FromFile, FromURL and FromReader is sent as it is, packet by packet, when it is Opus already: in Ogg, or in WebM
// and other Matroska. No ffmpeg runs then, and nothing is lost by encoding it again.
//
// That is possible when nothing is to be done to the sound: no picture, AudioFilter, Speed, Volume, Loop and other AudioChannels are asked for, and it has
// one or two channels and no gain of its own. Start, End and seeks are exact to a packet. AudioBitrateKbps does not matter to it.
//
// Opus in MP4 (.mp4, .m4a) is read by an ffmpeg that takes the packets out as they are, where the same holds and there is no End and no edit list that
// cuts: it costs a process, and no encoding. Of a URL this holds if its server has put the description of the sound at the beginning.
//
// What a source is, its first bytes tell, not its name. So a URL of http or https is asked for by the library first; where its sound cannot be sent as
// it is, ffmpeg asks for it again. FromReader knows Ogg only.
type Passthrough uint8

const (
	// PassthroughAuto sends as it is what can be, and lets ffmpeg encode everything else.
	PassthroughAuto Passthrough = iota
	// PassthroughNever lets ffmpeg encode everything: for one bit rate and loudness, or for URLs that can be asked for only once.
	PassthroughNever
	// PassthroughRequired never starts an ffmpeg: what cannot be sent as it is, is ErrPassthrough.
	PassthroughRequired
)

// String returns the name without its prefix.
func (p Passthrough) String() string {
	switch p {
	case PassthroughAuto:
		return "Auto"
	case PassthroughNever:
		return "Never"
	case PassthroughRequired:
		return "Required"
	default:
		return "Passthrough(" + strconv.Itoa(int(p)) + ")"
	}
}

// passage is the attempt to send a source as it is.
type passage struct {
	subject  string
	options  EncodeOptions // complete
	channels int           // as they were asked for, 0 for any
}

// passageOf returns nil when ffmpeg is to play the source; err is then nil, or ErrPassthrough where it must not.
func passageOf(ctx context.Context, subject string, own, complete EncodeOptions) (*passage, error) {
	p := &passage{subject: subject, options: complete, channels: own.Merge(OptionsFrom(ctx)).AudioChannels}
	if complete.Passthrough == PassthroughNever {
		return nil, nil //nolint:nilnil // as the comment says
	}
	if why := p.hindrance(ctx); why != "" {
		return nil, p.impossible(why, nil)
	}
	return p, nil
}

// hindrance is what is asked for that takes an ffmpeg, or "".
func (p *passage) hindrance(ctx context.Context) string {
	o := p.options
	switch {
	case isRaw(ctx):
		return "a broadcast takes sound that is not encoded"
	case o.Tracks&TrackVideo != 0:
		return "a picture is asked for: leave Tracks at TrackAudio"
	case o.AudioFilter != "":
		return "AudioFilter is set: leave it empty"
	case o.spedUp():
		return fmt.Sprintf("Speed is %v: leave it at 1", o.Speed)
	case volume(o) != "":
		return fmt.Sprintf("Volume is %v: leave it at 1", o.Volume)
	case o.Loop != 0:
		return fmt.Sprintf("Loop is %d: leave it at 0", o.Loop)
	}
	return ""
}

// impossible is the error of what must be sent as it is and cannot be; otherwise nil: then ffmpeg plays it.
func (p *passage) impossible(why string, cause error) error {
	switch {
	case p.options.Passthrough != PassthroughRequired:
		return nil
	case cause != nil:
		return fmt.Errorf("%w: %s: %s; to let ffmpeg play it, leave EncodeOptions.Passthrough at PassthroughAuto: %w", models.ErrPassthrough, p.subject,
			why, cause)
	}
	return fmt.Errorf("%w: %s: %s; to let ffmpeg play it, leave EncodeOptions.Passthrough at PassthroughAuto", models.ErrPassthrough, p.subject, why)
}
