package media

import (
	"cmp"
	"maps"
	"time"
)

// EncodeOptions say how a source is read, what is done to it, and how it is encoded. A field that is zero has its default, so the zero value is
// what most programs want.
//
// Options are given where a source is made and again where it is played (SetStreamSources); they merge field by field and what is given where
// it is played wins.
type EncodeOptions struct {
	// VideoBitrateKbps is the video bit rate in kbit/s, 30 to 20000. It defaults to 800.
	VideoBitrateKbps int
	// VideoWidth is the width in pixels of the frame the picture is fitted into, 16 to 4096. It defaults to 1280.
	VideoWidth int
	// VideoHeight is the height in pixels of that frame, 16 to 4096. It defaults to 720.
	VideoHeight int
	// VideoFPS is the highest number of pictures per second, 1 to 60. It defaults to 30.
	VideoFPS int
	// AudioBitrateKbps is the audio bit rate in kbit/s, 6 to 510, and to 256 with one channel. It defaults to 128.
	AudioBitrateKbps int
	// AudioChannels is 1 (mono) or 2 (stereo). It defaults to 2.
	AudioChannels int
	// Tracks is what to play of the source. TrackVideo implies TrackAudio. It defaults to TrackAudio.
	Tracks Track

	// Start is the moment of the media at which to begin, 0 or more. It defaults to 0, the beginning. OpenAt, and so seeking, counts from the
	// beginning of the media all the same; a moment before Start is Start. Of a live stream (rtmp, rtsp, srt), which has no beginning, it is
	// ErrInvalidParams.
	Start time.Duration
	// End is the moment of the media at which to stop, more than Start. It defaults to 0, the end of the media. From OpenAt at End or later
	// come streams that end at once. Of a live stream it counts from where it was joined.
	End time.Duration
	// Loop is how many times the media are played again after their end, 1 to 100000, or -1 for ever. It defaults to 0, not at all. The moments
	// of the media go on counting: of a song of 20 s, OpenAt at 25 s is 5 s into the second time. To get there, ffmpeg decodes all that
	// precedes, which may take a while for a film. ffmpeg cannot repeat a section: together with Start or End it is ErrInvalidParams.
	// A live stream and a named pipe are played once, and so is what an HTTP server does not serve in ranges.
	Loop int

	// Speed is how fast the media are played, 0.5 to 4: at 2 they last half as long. The pitch of the sound stays. It defaults to 1. A live
	// stream comes as fast as it comes: for that, Speed is 1 whatever is given.
	Speed float64
	// Volume is a factor of the sound's amplitude, 0.01 to 4. It defaults to 1, unchanged; for silence there is Mute. Above 1 a limiter holds
	// what would be too loud just below full scale: music of today is mastered up to there, and would crackle.
	Volume float64
	// AudioFilter and VideoFilter are filters of ffmpeg, as its options -af and -vf take them, with one input and one output. They get the
	// media at its own speed and in its own size, from the moment at which it begins, before everything else is done to it. What changes the
	// length of one of the two should change that of the other too. They default to "", none.
	//
	// They must never contain what users of a bot write: filters can read files and open connections. Choose among filters of your own.
	AudioFilter string
	VideoFilter string

	// Passthrough says whether sound that is Opus already is sent as it is, without ffmpeg. It defaults to PassthroughAuto, where that is possible.
	Passthrough Passthrough

	// Headers are sent with every HTTP request for the source: with those for the parts of a playlist and after a redirection too, to
	// whichever host these lead. Names are those of header fields, in any case, but not of the few that belong to the transfer itself:
	// Connection, Content-Length, Host, Range, TE, Trailer, Transfer-Encoding and Upgrade. Values have one line. Together they have 16 KiB at
	// most. Values do not appear in logs and errors. A map that is not empty replaces another one as a whole. It defaults to nil, none.
	//
	// Headers, UserAgent, Cookies and Proxy mean something for http and https only. Other sources ignore them, so that a program may give
	// them with everything it plays.
	Headers map[string]string
	// UserAgent is sent as User-Agent with every HTTP request, one line, 1 KiB at most. It defaults to that of ffmpeg, and to "gotgcall" for the
	// requests of the library itself. A header of that name in Headers wins.
	UserAgent string
	// Cookies are sent with every HTTP request, in the form of the header Cookie: "a=1; b=2", 16 KiB at most. In contrast to that header,
	// which would replace them, they join those that the servers set on the way, as at a redirection or with a playlist. They do not appear
	// in logs and errors. It defaults to "", none. A header Cookie in Headers wins.
	Cookies string
	// Proxy is the HTTP proxy to reach servers by: "http://host:port", with "user:password@" before the host if it wants that; the password
	// does not appear in logs and errors. ffmpeg speaks to no proxy of another kind. It defaults to that of the environment variables
	// http_proxy and no_proxy; no_proxy holds for Proxy too.
	Proxy string
}

// defaults are what a zero field means.
var defaults = EncodeOptions{
	VideoBitrateKbps: 800,
	VideoWidth:       1280,
	VideoHeight:      720,
	VideoFPS:         30,
	AudioBitrateKbps: 128,
	AudioChannels:    2,
	Tracks:           TrackAudio,
	Speed:            1,
	Volume:           1,
}

// Merge returns o with those fields replaced that are not zero in over.
func (o EncodeOptions) Merge(over EncodeOptions) EncodeOptions {
	return EncodeOptions{
		VideoBitrateKbps: cmp.Or(over.VideoBitrateKbps, o.VideoBitrateKbps),
		VideoWidth:       cmp.Or(over.VideoWidth, o.VideoWidth),
		VideoHeight:      cmp.Or(over.VideoHeight, o.VideoHeight),
		VideoFPS:         cmp.Or(over.VideoFPS, o.VideoFPS),
		AudioBitrateKbps: cmp.Or(over.AudioBitrateKbps, o.AudioBitrateKbps),
		AudioChannels:    cmp.Or(over.AudioChannels, o.AudioChannels),
		Tracks:           cmp.Or(over.Tracks, o.Tracks),
		Start:            cmp.Or(over.Start, o.Start),
		End:              cmp.Or(over.End, o.End),
		Loop:             cmp.Or(over.Loop, o.Loop),
		Speed:            cmp.Or(over.Speed, o.Speed),
		Volume:           cmp.Or(over.Volume, o.Volume),
		AudioFilter:      cmp.Or(over.AudioFilter, o.AudioFilter),
		VideoFilter:      cmp.Or(over.VideoFilter, o.VideoFilter),
		Passthrough:      cmp.Or(over.Passthrough, o.Passthrough),
		Headers:          mergeHeaders(o.Headers, over.Headers),
		UserAgent:        cmp.Or(over.UserAgent, o.UserAgent),
		Cookies:          cmp.Or(over.Cookies, o.Cookies),
		Proxy:            cmp.Or(over.Proxy, o.Proxy),
	}
}

// mergeHeaders returns a copy, which stays as it is whatever the program does to its own map.
func mergeHeaders(headers, over map[string]string) map[string]string {
	if len(over) > 0 {
		headers = over
	}
	return maps.Clone(headers)
}

// mergeAll merges options of which the later ones win.
func mergeAll(opt []EncodeOptions) EncodeOptions {
	var merged EncodeOptions
	for _, o := range opt {
		merged = merged.Merge(o)
	}
	return merged
}

// Complete puts the defaults into zero fields and adds the audio track that TrackVideo implies.
func (o EncodeOptions) Complete() EncodeOptions {
	o = defaults.Merge(o)
	if o.Tracks&TrackVideo != 0 {
		o.Tracks |= TrackAudio
	}
	return o
}
