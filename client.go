package gotgcall

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gotgcall/instances"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/notify"
	"gotgcall/internal/pacer"
	"gotgcall/internal/rtc"
	"gotgcall/models"
)

// Client holds any number of calls, one for each chat. A program needs one; several know nothing of each other. Safe for concurrent use. New makes one;
// the zero value is as one that is closed.
type Client struct {
	// set at construction
	env    *instances.Environment
	events dispatcher

	stopping sync.WaitGroup // calls that were replaced and end in the background
	closed   chan struct{}  // closed when Close has done its work

	mu    sync.Mutex
	calls map[int64]instances.Call // nil when the client is closed, or closing
}

// New constructs a Client with the given options. It looks ffmpeg up, without running it, and fails with ErrFFmpegSpawn when it is not
// there; an option out of range is ErrInvalidParams. Nothing is started and nothing is opened before the first call needs it.
func New(opts ...Option) (*Client, error) {
	config := defaultConfig()
	for _, o := range opts {
		if o != nil {
			o(&config)
		}
	}
	if err := config.validate(); err != nil {
		return nil, err
	}
	path := config.ffmpegPath
	if !config.withoutFFmpeg {
		var err error
		if path, err = ffmpeg.Lookup(config.ffmpegPath); err != nil {
			return nil, err
		}
	}
	logs := config.loggers()
	engine, err := rtc.NewEngine(config.engine(logs))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", models.ErrInternal, err)
	}
	c := &Client{closed: make(chan struct{}), calls: map[int64]instances.Call{}}
	c.events.logger, c.events.queue = logs.main, config.queue(logs)
	c.env = &instances.Environment{
		Logger:         logs.main,
		Engine:         engine,
		Scheduler:      pacer.NewScheduler(),
		Runner:         ffmpeg.New(config.runner(path, logs)),
		Events:         &c.events,
		URLPolicy:      config.urlPolicy,
		ConnectTimeout: config.connectTimeout,
		Loopback:       config.loopback,
		Patience:       config.patience,
	}
	return c, nil
}

// closeTimeout bounds Close: Stop's two seconds, then what else there is.
const closeTimeout = 4500 * time.Millisecond

// Close stops every call and releases resources. It returns within 5 seconds, whatever child processes and callbacks do. Events that were
// already waiting are delivered first, but a callback that is in progress is not waited for: it may be the one that calls Close. Idempotent;
// every other method returns ErrClosed afterwards. The error tells what has not ended in time.
func (c *Client) Close() error {
	c.mu.Lock()
	calls := c.calls
	c.calls = nil
	c.mu.Unlock()
	if calls != nil {
		defer close(c.closed)
		return c.shutdown(calls)
	}
	if c.closed != nil && !notify.InCallback() { // the other Close may wait for this very callback
		<-c.closed
	}
	return nil
}

func (c *Client) shutdown(calls map[int64]instances.Call) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var stops sync.WaitGroup
	for _, call := range calls {
		stops.Go(func() { call.Stop(ctx, models.ErrClosed) })
	}
	stops.Wait()
	c.stopping.Wait()
	c.env.Scheduler.Close()
	c.env.Engine.Close()
	processes := make(chan error, 1)
	go func() { processes <- c.env.Runner.Close() }()
	err := c.events.queue.Close(ctx)
	select {
	case processErr := <-processes:
		return errors.Join(err, processErr)
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("%w: child processes have not ended within %s", models.ErrInternal, closeTimeout))
	}
}

// call returns the call of a chat.
func (c *Client) call(chatID int64) (instances.Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		return nil, models.ErrClosed
	}
	call, ok := c.calls[chatID]
	if !ok {
		return nil, fmt.Errorf("%w: chat %d; CreateCall, Play or StartRTMP gives it one", models.ErrConnectionNotFound, chatID)
	}
	return call, nil
}

// groupCall returns the WebRTC call of a chat.
func (c *Client) groupCall(chatID int64) (*instances.GroupCall, error) {
	call, err := c.call(chatID)
	if err != nil {
		return nil, err
	}
	group, ok := call.(*instances.GroupCall)
	if !ok {
		return nil, fmt.Errorf("%w: chat %d is an RTMP broadcast, which has no WebRTC connection", models.ErrWrongMode, chatID)
	}
	return group, nil
}
