package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
)

// What the packets are like: 20 ms of Opus at 128 kbit/s.
const (
	frameLength = 20 * time.Millisecond
	frameTicks  = 960
	frameSize   = 320
)

// libraryFleet is calls of this library.
type libraryFleet struct {
	client *gotgcall.Client
	to     *receiver
	song   song
}

func sharedSockets() gotgcall.Option { return gotgcall.WithSharedUDPMux() }

// library returns how to open calls that play a song.
func library(open func(row) (song, error), options ...func() gotgcall.Option) func(row, *receiver) (fleet, error) {
	return func(r row, to *receiver) (fleet, error) {
		all := []gotgcall.Option{
			gotgcall.WithLoopback(), gotgcall.WithLogger(slog.New(slog.DiscardHandler)), gotgcall.WithConnectTimeout(callTimeout),
		}
		for _, o := range options {
			all = append(all, o())
		}
		client, err := gotgcall.New(all...)
		if err != nil {
			return nil, err
		}
		song, err := open(r)
		if err != nil {
			return nil, errors.Join(err, client.Close())
		}
		return &libraryFleet{client, to, song}, nil
	}
}

func (f *libraryFleet) join(ctx context.Context, chat int64) error {
	payload, err := f.client.CreateCallContext(ctx, chat)
	if err != nil {
		return err
	}
	answer, err := f.to.Join(chat, payload)
	if err != nil {
		return err
	}
	return f.client.ConnectContext(ctx, chat, answer)
}

func (f *libraryFleet) play(ctx context.Context, chat int64) error {
	return f.client.SetStreamSourcesContext(ctx, chat, f.song.source)
}

func (f *libraryFleet) close() {
	_ = f.client.Close()
	f.song.remove()
}

// song is a file that the calls play, for as long as anybody may measure.
type song struct {
	source gotgcall.Source
	remove func()
}

// begins is how long the calls of a row may take until all of them play.
const begins = 3 * time.Minute

// opusFile makes an Opus file, which is sent as it is.
func opusFile(r row) (song, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return song{}, err
	}
	s := song{remove: func() { _ = os.RemoveAll(folder) }}
	path := filepath.Join(folder, "song.ogg")
	packets := oggtest.Packets(int((r.Length+begins)/frameLength), frameTicks, frameSize)
	const perPage = int(time.Second / frameLength) // as ffmpeg has it
	if err := os.WriteFile(path, oggtest.Join(oggtest.Stream{PerPage: perPage}.Pages(packets)), 0o600); err != nil {
		s.remove()
		return song{}, err
	}
	s.source = gotgcall.FromFile(path, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughRequired})
	return s, nil
}

// encoded is a file that ffmpeg encodes, over and over.
func encoded(r row) (song, error) {
	return song{source: gotgcall.FromFile(r.Song, gotgcall.EncodeOptions{Loop: -1}), remove: func() {}}, nil
}

// encodedOnce is that file, encoded once for all calls.
func encodedOnce(r row) (song, error) {
	s, err := encoded(r)
	s.source = gotgcall.Shared(s.source)
	return s, err
}
