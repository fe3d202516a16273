package gotgcall

import (
	"context"
	"fmt"
	"math"
	"time"

	"gotgcall/media"
	"gotgcall/models"
)

// SetStreamSources installs or replaces the streaming source for chatID. The source is opened and read up to its first frame while the one
// before goes on playing; then they change places. Non-zero fields of opt win over the source's own options.
//
// Before Connect the source is opened and waits; it starts with the connection. During Connect the call waits for Connect's outcome.
//
// The error says why nothing has changed: ErrFile, ErrSourceTimeout (nothing playable within 15 s), ErrFFmpegSpawn, ErrFFmpegCrashed, ErrFormat,
// ErrPassthrough, ErrInvalidParams, ErrBusy (see there), ErrNoSource (an empty Playlist), ErrNotConnected (the call has failed), ErrConnectionNotFound,
// or what a Source of your own returns. A source has an error or, later, its ends, never both. Of two calls at once the later one wins; the other
// returns an error that wraps context.Canceled.
func (c *Client) SetStreamSources(chatID int64, src Source, opt ...EncodeOptions) error {
	return c.SetStreamSourcesContext(context.Background(), chatID, src, opt...)
}

// SetStreamSourcesContext is SetStreamSources, given up when ctx ends. ctx bounds the opening only, not the playing.
func (c *Client) SetStreamSourcesContext(ctx context.Context, chatID int64, src Source, opt ...EncodeOptions) error {
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	options, err := checked(src, opt)
	if err != nil {
		return err
	}
	return call.SetStreamSources(ctx, src, options)
}

// checked returns the options of one call as one, unless they or the source are unusable.
func checked(src Source, opt []EncodeOptions) (options media.EncodeOptions, err error) {
	if src == nil {
		return options, fmt.Errorf("%w: the source is nil; to end the sound use Pause or Stop", models.ErrInvalidParams)
	}
	for _, o := range opt {
		options = options.Merge(o)
	}
	return options, options.Validate()
}

// SeekBy moves the position of what plays by so many milliseconds, forward or back; also while paused. The old position goes on until the new one
// has its first frame. Beyond either end the source ends as if by itself. Of several seeks in a row each counts from where the one before will be,
// and all of them return when the last one is there.
//
// The error says why nothing has changed: ErrNoSource (nothing plays), ErrSeekUnsupported (a live source, a command of FromShell, a
// reader, a voice, Shared), ErrBusy (another source is being opened), or what opening a source can fail with.
func (c *Client) SeekBy(chatID int64, deltaMs int64) error {
	return c.SeekByContext(context.Background(), chatID, deltaMs)
}

// SeekByContext is SeekBy, given up when ctx ends.
func (c *Client) SeekByContext(ctx context.Context, chatID int64, deltaMs int64) error {
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	const most = math.MaxInt64 / int64(time.Millisecond) // 292 years
	return call.SeekBy(ctx, time.Duration(min(max(deltaMs, -most), most))*time.Millisecond)
}

// SetSpeed plays what plays faster or slower, 0.5 to 4 times, sound and picture together; 1 is its own speed. The position, which is media time, goes
// on. It is for the source that plays, and in a Playlist for the tracks after it. Out of range is ErrInvalidParams; the other errors are those of SeekBy;
// between two tracks, while the next one is still being opened, it is ErrNoSource.
//
// The source is opened again at its position and takes over about half a second later, when the old one has come to the same place. FromFile and FromURL
// do that; a Source of your own does what media.OptionsFrom(ctx) says, or nothing; commands play what they say, so that FromShell and FromShells are
// ErrSeekUnsupported. Where a source ends before that, in its last half second, it ends as it would have, and only the tracks after it are played
// otherwise: that is no error.
func (c *Client) SetSpeed(chatID int64, speed float64) error {
	if err := checkFactor("speed", "0.5 to 4; 1 is the source's own", speed, EncodeOptions{Speed: speed}); err != nil {
		return err
	}
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	return call.SetSpeed(context.Background(), speed)
}

// SetVolume makes what plays louder or softer, 0.01 to 4 times; 1 is its own volume. It works in the way of SetSpeed, and for live sources of FromURL too,
// which go on where they are by then. To silence a call use Mute. A radio over HTTP that does not say that it is one is taken for a file, whose position
// does not come: ErrSourceTimeout, and it goes on as it was.
func (c *Client) SetVolume(chatID int64, volume float64) error {
	if err := checkFactor("volume", "0.01 to 4; 1 is the source's own, and Mute is silence", volume, EncodeOptions{Volume: volume}); err != nil {
		return err
	}
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	return call.SetVolume(context.Background(), volume)
}

// checkFactor checks a factor by the options that hold it, where 0 is the default.
func checkFactor(what, hint string, factor float64, o EncodeOptions) error {
	if err := o.Validate(); err == nil && factor != 0 {
		return nil
	}
	return fmt.Errorf("%w: the %s is %v: give %s", models.ErrInvalidParams, what, factor, hint)
}

// Probe tells what is in a source without playing it: length, streams, codecs, tags. See media.Probe.
func (c *Client) Probe(ctx context.Context, src Source) (MediaInfo, error) {
	c.mu.Lock()
	closed := c.calls == nil
	c.mu.Unlock()
	if closed {
		return MediaInfo{}, models.ErrClosed
	}
	return media.Probe(media.WithURLPolicy(media.WithRunner(ctx, c.env.Runner), c.env.URLPolicy), src)
}

// Pause freezes the media and the position; a live source (rtmp, rtsp, srt, a radio station, live HLS) goes on live
// afterwards. It returns true when the call was not paused before.
func (c *Client) Pause(chatID int64) (bool, error) {
	call, err := c.call(chatID)
	if err != nil {
		return false, err
	}
	return call.Pause()
}

// Resume goes on where Pause stopped. It returns true when the call was paused.
func (c *Client) Resume(chatID int64) (bool, error) {
	call, err := c.call(chatID)
	if err != nil {
		return false, err
	}
	return call.Resume()
}

// Mute sends no audio until Unmute; timeline, position and video go on. It returns true when the call was not muted before. Once it has
// returned, no audio leaves.
func (c *Client) Mute(chatID int64) (bool, error) {
	return c.setMuted(chatID, true)
}

// Unmute ends Mute. It returns true when the call was muted.
func (c *Client) Unmute(chatID int64) (bool, error) {
	return c.setMuted(chatID, false)
}

func (c *Client) setMuted(chatID int64, muted bool) (bool, error) {
	call, err := c.call(chatID)
	if err != nil {
		return false, err
	}
	return call.SetMuted(muted)
}

// GetState returns what the call sends: each flag means only itself.
func (c *Client) GetState(chatID int64) (MediaState, error) {
	call, err := c.call(chatID)
	if err != nil {
		return MediaState{}, err
	}
	return call.State(), nil
}

// Time returns the position in the current source: milliseconds of media pushed, pauses not counted, Speed included. It starts at 0 with each source, or
// at its Start, and keeps its last value after the end.
func (c *Client) Time(chatID int64) (uint64, error) {
	call, err := c.call(chatID)
	if err != nil {
		return 0, err
	}
	return call.Time(), nil
}
