package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gotgcall"
)

// chatID is the group. The library only tells calls apart by it.
const chatID = -1001234567890

// broadcast is what a bot keeps of one.
type broadcast struct {
	client *gotgcall.Client
	show   io.Writer
	ends   chan legEnd
	states chan gotgcall.ConnState
	middle []step // what is still to be done in the middle
	left   int    // sound and picture: how many of what plays have not ended

	begin, stop time.Time // of the connection
	connections int
}

// legEnd is the end of the sound or the picture: err is nil when it was the natural one.
type legEnd struct {
	leg gotgcall.StreamType
	err error
}

// step is something to do in the middle, so long after the step before.
type step struct {
	wait time.Duration
	what string
	do   func() error
}

// push is all that a bot does with the library, from the first to the last call of it.
func push(ctx context.Context, s settings, to string, show io.Writer) (*broadcast, error) {
	b := &broadcast{show: show, ends: make(chan legEnd, 16), states: make(chan gotgcall.ConnState, 256)}
	var err error
	if b.client, err = gotgcall.New(); err != nil {
		return nil, err
	}
	defer b.client.Close()
	film, err := b.probe(ctx, s.film)
	if err != nil {
		return nil, err
	}
	next := contents{}
	if s.next != "" {
		if next, err = b.probe(ctx, s.next); err != nil {
			return nil, err
		}
	}

	// Called when the sound or the picture is over, or what plays it breaks: where a bot takes the next film from its queue.
	b.client.OnStreamEnd(func(_ int64, leg gotgcall.StreamType, _ gotgcall.Device, err error) { b.ends <- legEnd{leg, err} })
	b.client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) { b.states <- info.State })

	// The URL and the stream key are those of phone.getGroupCallStreamRtmpUrl.
	if err := b.client.StartRTMP(chatID, to); err != nil {
		return nil, err
	}

	// The film. The first one opens the connection, which lasts until Stop, and its options say how the broadcast is encoded.
	if err := b.client.SetStreamSourcesContext(ctx, chatID, source(s.film)); err != nil {
		return nil, err
	}
	b.begin, b.left = time.Now(), film.legs
	b.plan(ctx, s, film, next)
	err = b.watch(ctx)

	// The server sees that the broadcast is over.
	b.stop = time.Now()
	return b, errors.Join(err, b.client.Stop(chatID))
}

// plan fills in what the flags ask for.
func (b *broadcast) plan(ctx context.Context, s settings, film, next contents) {
	wait := film.length / 2
	if wait == 0 {
		wait = 5 * time.Second // nobody knows where the middle is
	}
	add := func(what string, then time.Duration, do func() error) {
		b.middle = append(b.middle, step{wait, what, do})
		wait = then
	}
	if s.seek != 0 {
		add(fmt.Sprintf("SeekBy %v: the server notices nothing", s.seek), 0, func() error {
			return b.client.SeekByContext(ctx, chatID, s.seek.Milliseconds())
		})
	}
	if s.mute {
		add("Mute: silence is sent, and the film goes on", 2*time.Second, func() error { _, err := b.client.Mute(chatID); return err })
		add("Unmute", 0, func() error { _, err := b.client.Unmute(chatID); return err })
	}
	if s.pause {
		add("Pause: silence and the last picture are sent", 3*time.Second, func() error { _, err := b.client.Pause(chatID); return err })
		add("Resume", 0, func() error { _, err := b.client.Resume(chatID); return err })
	}
	if s.next != "" {
		add("SetStreamSources: the next film", 0, func() error {
			b.left = next.legs
			return b.client.SetStreamSourcesContext(ctx, chatID, source(s.next))
		})
	}
}

// watch shows what happens until the end of what plays or of the user's patience, and does what is to be done in the middle.
func (b *broadcast) watch(ctx context.Context) error {
	var next <-chan time.Time
	arm := func() {
		if next = nil; len(b.middle) > 0 {
			next = time.After(b.middle[0].wait)
		}
	}
	arm()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case state := <-b.states:
			fmt.Fprintln(b.show, "the connection is", state)
			if state == gotgcall.Connected {
				b.connections++
			}
		case end := <-b.ends:
			if end.err != nil {
				return fmt.Errorf("the %s has ended: %w", end.leg, end.err)
			}
			fmt.Fprintf(b.show, "OnStreamEnd: the natural end of the %s\n", end.leg)
			if b.left--; b.left == 0 && len(b.middle) == 0 {
				return nil
			}
		case <-next:
			now := b.middle[0]
			b.middle = b.middle[1:]
			fmt.Fprintln(b.show, now.what)
			if err := now.do(); err != nil {
				return err
			}
			arm()
		case <-tick.C:
			ms, _ := b.client.Time(chatID) // of media; it stands still in a pause
			fmt.Fprintf(b.show, "  %5.1f s\n", float64(ms)/1000)
		case <-ctx.Done():
			fmt.Fprintln(b.show, "interrupted")
			return nil
		}
	}
}

// source makes of a name what the library plays, sound and picture.
func source(name string) gotgcall.Source {
	both := gotgcall.EncodeOptions{Tracks: gotgcall.TrackAudio | gotgcall.TrackVideo}
	if _, ok := addressOf(name); ok {
		return gotgcall.FromURL(name, both)
	}
	return gotgcall.FromFile(name, both)
}

// contents are what is in a film.
type contents struct {
	length time.Duration // 0: not known
	legs   int           // sound, picture or both
}

// probe looks into a film.
func (b *broadcast) probe(ctx context.Context, name string) (c contents, err error) {
	info, err := b.client.Probe(ctx, source(name))
	for _, track := range []gotgcall.Track{gotgcall.TrackAudio, gotgcall.TrackVideo} {
		if info.Has(track) {
			c.legs++
		}
	}
	c.length = info.Duration
	return c, err
}
