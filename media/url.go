package media

import (
	"context"
	"fmt"
	"time"

	"gotgcall/models"
)

// liveURL is what FromURL returns for what cannot be sought in.
type liveURL struct {
	url     string
	options EncodeOptions
}

// seekableURL is what FromURL returns for the others.
type seekableURL struct{ liveURL }

// FromURL is a URL that ffmpeg plays: http and https (files, HLS playlists, radio), rtmp, rtmps, rtsp, rtsps and srt. Of several options the
// later ones win.
//
// A URL of another kind, one that is not whole, and one that the Client's URL policy refuses are ErrInvalidParams from Open, and nothing is started. What cannot be played is ErrFile from
// the first Read: what the server refuses, does not answer within 10 seconds or serves that is not media. A download that breaks off is
// resumed where the server can do that; otherwise it ends with ErrFile. A radio station and a live playlist are told by what their server says: a call
// opens them again, like the sources of the other schemes, when they stall or break off.
//
// Opus in Ogg or WebM is sent as it is, without ffmpeg, unless the options ask for something else: see Passthrough. To know that, Open asks for a URL of
// http or https before ffmpeg does, when only sound is wanted, and waits for the beginning of the answer: ErrFile when nothing comes within 10 seconds.
// PassthroughNever leaves the URL to ffmpeg alone.
//
// Playlists and redirections stay on the network, they cannot reach files of this machine; which hosts they lead to is not checked. The
// certificate of an https or rtmps URL is verified; ffmpeg verifies none of what is referred to by a playlist or a redirection from http, and none of rtsps.
//
// Headers, UserAgent, Cookies and Proxy of the options go into the requests of http and https sources. They are sent to all hosts to which a playlist
// or a redirection leads; in requests without ffmpeg Authorization and Cookie stay with the host of the URL.
//
// http and https sources are seekable as far as the server lets ffmpeg seek; the others are not SeekableSource.
func FromURL(url string, opt ...EncodeOptions) Source {
	s := liveURL{url: url, options: mergeAll(opt)}
	switch schemeOf(url) {
	case "http", "https":
		return &seekableURL{s}
	}
	return &s
}

// IsLive tells whether a source is a stream that can be opened again, but begins wherever it is at that moment. What http and https give tells only the
// server: see Liveness.
func IsLive(s Source) bool {
	_, live := s.(*liveURL)
	return live
}

func (s *liveURL) Tracks() Track { return s.options.Complete().Tracks }

func (s *liveURL) Open(ctx context.Context) (*Streams, error) { return s.open(ctx, 0) }

func (s *seekableURL) OpenAt(ctx context.Context, offset time.Duration) (*Streams, error) {
	return s.open(ctx, offset)
}

func (s *liveURL) open(ctx context.Context, offset time.Duration) (*Streams, error) {
	options, err := effective(ctx, s.options)
	if err != nil {
		return nil, err
	}
	in, secrets, err := checkURL(s.url)
	if err != nil {
		return nil, err
	}
	e := ending{subject: urlSubject(s.url, secrets), remote: true, liveness: livenessFrom(ctx)}
	ctx = WithLiveness(ctx, e.liveness)
	if err := askPolicy(urlPolicyFrom(ctx), e.subject, in.target, secrets); err != nil {
		return nil, err
	}
	if err := checkOffset(e.subject, offset); err != nil {
		return nil, err
	}
	if in.tls {
		in.caFile = findCAFile()
	}
	streams, copies, err := s.passThrough(ctx, e, &in, options, secrets, max(offset, options.Start))
	if streams != nil || options.End > 0 {
		e.liveness.tell(Finite)
	}
	if streams != nil || err != nil {
		return streams, err
	}
	switch in.class {
	case classHTTP:
		in.request = options.requestFlags()
		secrets = append(secrets, options.requestSecrets()...)
	default:
		if options.Start > 0 {
			return nil, fmt.Errorf("%w: %s: EncodeOptions.Start is %v, but a live stream has no beginning to count from: leave it at 0",
				models.ErrInvalidParams, e.subject, options.Start)
		}
		options.Loop, options.Speed = 0, 1 // it can be neither read again nor had faster than it comes
	}
	return command{input: in, options: options, offset: max(offset, options.Start), copies: copies}.play(ctx, e, secrets)
}
