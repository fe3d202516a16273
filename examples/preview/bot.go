package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gotgcall"
)

// The chats. The library only tells calls apart by them.
const (
	chatID      = -1001234567890 // the group call
	broadcastID = -1009876543210 // the livestream
)

// bot is all that a bot does with the library: one call, in which a page takes the place of Telegram's server.
type bot struct {
	// set at construction
	client *gotgcall.Client
	files  *folder
	first  []choice    // what is played as soon as the call is connected
	tell   func(event) // to the page
	ffmpeg error       // why there is none; nil when there is

	connecting sync.WaitGroup // the goroutine of join

	mu        sync.Mutex // guards what follows
	list      *gotgcall.Playlist
	tracks    map[gotgcall.Source]trackInfo
	options   gotgcall.EncodeOptions // volume and speed, which the next list begins with
	recording *recorder
	giveUp    context.CancelFunc // ends what connecting still does; nil before the first call
}

// newBot makes the client. Without ffmpeg there is one all the same: it plays sources that bring Opus.
func newBot(s settings, tell func(event)) (*bot, error) {
	files, err := openFolder(s.folder)
	if err != nil {
		return nil, err
	}
	b := &bot{files: files, first: s.first, tell: tell, list: gotgcall.NewPlaylist(), tracks: map[gotgcall.Source]trackInfo{}}
	// The page is on this machine, and on one without a network it has no other address than a loopback one. A bot needs no WithLoopback.
	// The browser decodes here as well: when there are not processors enough, the encoder is to wait, and not the sound.
	b.client, err = gotgcall.New(gotgcall.WithLoopback(), gotgcall.WithLowPriority())
	if errors.Is(err, gotgcall.ErrFFmpegSpawn) {
		b.ffmpeg = err
		b.client, err = gotgcall.New(gotgcall.WithLoopback(), gotgcall.WithoutFFmpeg())
	}
	if err != nil {
		return nil, errors.Join(err, files.close())
	}
	b.follow()
	return b, nil
}

// follow has the events of the library shown.
func (b *bot) follow() {
	b.client.OnConnectionChange(func(chat int64, info gotgcall.NetworkInfo) {
		b.tell(event{"type": "connection", "of": nameOf(chat), "state": info.State.String()})
	})
	// Where a bot writes "now playing", and takes from its queue what comes next.
	b.client.OnTrackStart(func(chat int64, t gotgcall.PlaylistTrack) {
		b.tell(event{"type": "track", "id": t.ID, "info": b.infoOf(t.Source)})
	})
	b.client.OnTrackEnd(func(_ int64, t gotgcall.PlaylistTrack, err error) {
		b.tell(event{"type": "trackEnd", "title": b.infoOf(t.Source).Title, "how": ending(err)})
	})
	// Once for the sound and once for the picture.
	b.client.OnStreamEnd(func(chat int64, leg gotgcall.StreamType, _ gotgcall.Device, err error) {
		b.tell(event{"type": "streamEnd", "of": nameOf(chat), "leg": leg.String(), "how": ending(err)})
	})
	b.client.OnUpgrade(func(chat int64, m gotgcall.MediaState) {
		b.tell(event{"type": "media", "of": nameOf(chat), "muted": m.Muted, "paused": m.Paused, "videoStopped": m.VideoStopped})
	})
}

// joining is what a page gets to join: the payload, and the SDP offer that says the same to a browser.
type joining struct {
	Payload string `json:"payload"`
	Offer   string `json:"offer"`
}

// join makes the call. What we offer becomes the params of phone.joinGroupCall in a bot.
func (b *bot) join(ctx context.Context) (j joining, err error) {
	if j.Payload, err = b.client.CreateCallContext(ctx, chatID); err != nil {
		return j, err
	}
	if j.Offer, err = offerOf(j.Payload); err != nil {
		return j, errors.Join(err, b.client.Stop(chatID))
	}
	return j, nil
}

// joined is what the server has answered.
type joined struct {
	Answer string `json:"answer"`
}

// answered takes the page's SDP answer, and returns it as Telegram's answer: in a bot that is the params of updateGroupCallConnection. Connecting
// goes on in the background and is told by events.
func (b *bot) answered(sdp string) (j joined, err error) {
	if j.Answer, err = answerOf(sdp, ownAddrs()); err != nil {
		return j, errors.Join(err, b.hangUp())
	}
	ctx, cancel := context.WithCancel(context.Background()) // it outlives the request, until hangUp
	b.mu.Lock()
	b.giveUp = cancel
	b.mu.Unlock()
	b.connecting.Go(func() {
		defer cancel()
		b.connect(ctx, j.Answer)
	})
	return j, nil
}

// connect returns when media can flow and the first song plays, or when the call is stopped.
func (b *bot) connect(ctx context.Context, answer string) {
	begin := time.Now()
	if err := b.client.ConnectContext(ctx, chatID, answer); err != nil {
		b.complain("Connect", err)
		return
	}
	b.say("Connect took %d ms", time.Since(begin).Milliseconds())
	for _, c := range b.firstChoices() {
		if err := b.add(ctx, c, false); err != nil {
			b.complain("playing "+c.shown(), err)
		}
	}
}

// firstChoices is what is played at first: without ffmpeg the piece that needs none.
func (b *bot) firstChoices() []choice {
	if b.ffmpeg != nil {
		return []choice{{Kind: kindBundled}}
	}
	return b.first
}

// hangUp ends the call and the broadcast. A bot would now send phone.leaveGroupCall with client.LeaveSource.
func (b *bot) hangUp() error {
	b.mu.Lock()
	giveUp := b.giveUp
	b.mu.Unlock()
	if giveUp != nil {
		giveUp()
	}
	err := b.client.Stop(chatID)
	b.connecting.Wait()
	if errors.Is(err, gotgcall.ErrConnectionNotFound) {
		err = nil // there was none
	}
	b.mu.Lock()
	b.list, b.tracks, b.options = gotgcall.NewPlaylist(), map[gotgcall.Source]trackInfo{}, gotgcall.EncodeOptions{}
	b.mu.Unlock()
	return errors.Join(err, b.stopBroadcast())
}

// close ends everything.
func (b *bot) close() error {
	return errors.Join(b.hangUp(), b.client.Close(), b.files.close())
}

func (b *bot) infoOf(s gotgcall.Source) trackInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tracks[s]
}

// say writes a line into the page's log, and complain one about an error.
func (b *bot) say(format string, args ...any) {
	b.tell(event{"type": "log", "text": fmt.Sprintf(format, args...)})
}

func (b *bot) complain(what string, err error) {
	b.tell(event{"type": "error", "text": what + ": " + err.Error()})
}

// nameOf says which of the two a chat is.
func nameOf(chat int64) string {
	if chat == broadcastID {
		return "broadcast"
	}
	return "call"
}

// ending puts the end of something into words.
func ending(err error) string {
	switch {
	case err == nil:
		return "to its natural end"
	case errors.Is(err, gotgcall.ErrSkipped):
		return "skipped"
	}
	return err.Error()
}
