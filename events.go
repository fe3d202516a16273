package gotgcall

import (
	"context"
	"log/slog"
	"sync/atomic"

	"gotgcall/internal/notify"
	"gotgcall/models"
)

// queue is a notify.Queue, or a notify.PerChat.
type queue interface {
	Post(notify.Event) bool
	Close(context.Context) error
}

// dispatcher carries events from the calls to the registered callbacks.
type dispatcher struct {
	queue            queue
	logger           *slog.Logger
	streamEnd        atomic.Pointer[func(int64, StreamType, Device, error)]
	connectionChange atomic.Pointer[func(int64, NetworkInfo)]
	upgrade          atomic.Pointer[func(int64, MediaState)]
	trackStart       atomic.Pointer[func(int64, PlaylistTrack)]
	trackEnd         atomic.Pointer[func(int64, PlaylistTrack, error)]
	rejoinNeeded     atomic.Pointer[func(int64)]
}

// register puts a callback in its place; without one the place is empty.
func register[F any](place *atomic.Pointer[F], fn F, without bool) {
	if without {
		place.Store(nil)
		return
	}
	place.Store(&fn)
}

// post has the callback called that is in a place when it is the event's turn.
func post[F any](d *dispatcher, name string, chat int64, place *atomic.Pointer[F], call func(F)) {
	d.queue.Post(notify.Event{Name: name, Chat: chat, Call: func() {
		if fn := place.Load(); fn != nil {
			call(*fn)
		}
	}})
}

// OnStreamEnd registers a callback fired when a leg of a source ends by itself: err is nil at its natural end, and says what broke
// otherwise (ErrFFmpegCrashed, ErrStalled, ErrFormat, ErrConnectionFailed, …). It is called once per leg, video before audio when they end
// together; never for Stop, Close or a source that was replaced. Called on the dispatcher goroutine so it is safe to re-enter the Client
// API from within. A later registration replaces an earlier one; nil removes it.
func (c *Client) OnStreamEnd(fn func(chatID int64, t StreamType, d Device, err error)) {
	register(&c.events.streamEnd, fn, fn == nil)
}

// OnConnectionChange registers a callback for connection states: every change, once, in order. Connected also reports that a Disconnected
// call has recovered, and Closed is told of every call that ends: of one, too, that never connected, because its Play has failed. A later registration
// replaces an earlier one; nil removes it.
func (c *Client) OnConnectionChange(fn func(chatID int64, info NetworkInfo)) {
	register(&c.events.connectionChange, fn, fn == nil)
}

// OnUpgrade registers a callback for changes of what a call sends, which a bot may want to show or to tell Telegram: after Mute, Unmute, Pause and
// Resume that changed something, and when the picture stops by itself. It is silent for SetStreamSources and Stop. A later registration replaces an
// earlier one; nil removes it.
func (c *Client) OnUpgrade(fn func(chatID int64, state MediaState)) {
	register(&c.events.upgrade, fn, fn == nil)
}

// OnRejoinNeeded registers a callback for connections that are lost, and changes what happens then: what plays does not end but stands still, for 60
// seconds, and goes on where it was when the chat is joined again and Connected. Join with what Rejoin returns:
//
//	client.OnRejoinNeeded(func(chatID int64) {
//		params, err := client.Rejoin(chatID)    // a new join payload for the same call
//		answer := join(chatID, params)          // your phone.joinGroupCall
//		err = client.Connect(chatID, answer)    // the song goes on
//	})
//
// It is called when an established connection has failed, after OnConnectionChange with Failed. After a Connect that fails what plays is held as well, but
// the callback is not called: Connect's error tells. When nobody has called Rejoin and Connect in time, what plays ends with ErrConnectionFailed. While
// it is held all controls work, on what will go on. Calls of Play are joined again by themselves, without this callback. A later registration
// replaces an earlier one; nil removes it.
func (c *Client) OnRejoinNeeded(fn func(chatID int64)) {
	register(&c.events.rejoinNeeded, fn, fn == nil)
}

// RejoinNeeded implements instances.Events.
func (d *dispatcher) RejoinNeeded(chat int64) {
	post(d, "OnRejoinNeeded", chat, &d.rejoinNeeded, func(fn func(int64)) { fn(chat) })
}

// Rejoins implements instances.Events.
func (d *dispatcher) Rejoins() bool { return d.rejoinNeeded.Load() != nil }

// Upgrade implements instances.Events.
func (d *dispatcher) Upgrade(chat int64, state models.MediaState) {
	post(d, "OnUpgrade", chat, &d.upgrade, func(fn func(int64, MediaState)) { fn(chat, state) })
}

// StreamEnd implements instances.Events.
func (d *dispatcher) StreamEnd(chat int64, t models.StreamType, device models.Device, err error) {
	post(d, "OnStreamEnd", chat, &d.streamEnd, func(fn func(int64, StreamType, Device, error)) { fn(chat, t, device, err) })
}

// ConnectionChange implements instances.Events.
func (d *dispatcher) ConnectionChange(chat int64, state models.ConnState) {
	d.queue.Post(notify.Event{Name: "OnConnectionChange", Chat: chat, Call: func() {
		d.logger.Info("connection", "chat", chat, "state", state.String()) // here, where no lock is held
		if fn := d.connectionChange.Load(); fn != nil {
			(*fn)(chat, NetworkInfo{State: state})
		}
	}})
}
