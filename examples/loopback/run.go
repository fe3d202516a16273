package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// errRecording: the file for what the listener gets cannot be written.
var errRecording = errors.New("the recording cannot be written")

// exitCode tells what the user can mend by other arguments from what went wrong on the way.
func exitCode(err error) int {
	for _, unusable := range []error{
		errRecording, gotgcall.ErrFile, gotgcall.ErrFormat, gotgcall.ErrSourceTimeout, gotgcall.ErrInvalidParams, gotgcall.ErrFFmpegSpawn,
	} {
		if errors.Is(err, unusable) {
			return exitUnusable
		}
	}
	return exitBad
}

// run plays, and measures what arrived and what was left behind.
func run(ctx context.Context, s settings, show *screen) (*summary, error) {
	if isURL(s.song) {
		show.step("asking how long %s is", s.song)
	}
	song, err := probe(ctx, s.song)
	if err != nil {
		return nil, err
	}
	files, err := createFiles(s)
	if err != nil {
		return nil, err
	}
	defer files.close()
	before := takeCalmHoldings()
	evidence, err := perform(ctx, s, song, files, show)
	if err != nil {
		return nil, err
	}
	after := settle(before)
	// The user may have interrupted the song; the summary of what there was is wanted all the same.
	result := summarize(context.WithoutCancel(ctx), s, song, evidence)
	result.LeftBehind = leftovers{Before: before, After: after}
	result.judge(s.loss)
	return result, nil
}

// evidence is what a performance leaves to be measured.
type evidence struct {
	times      callTimes
	middle     middle
	began      time.Time // the zero of arrivals' times
	arrivals   []arrival
	ticks      []time.Duration // arrivals at the yardstick
	stats      sfutest.StreamStats
	violations []sfutest.Violation
	stamps     stamps
	picture    pictureEvidence   // with -film
	endpoint   *sfutest.Endpoint // ended; it still tells times
}

// perform brings server, client and listener together for one song. Nothing of them runs any more when it returns.
func perform(ctx context.Context, s settings, song contents, files recordings, show *screen) (*evidence, error) {
	server, err := sfutest.NewServer(sfutest.WithLoss(s.loss), sfutest.WithDelay(s.delay))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	options := []gotgcall.Option{gotgcall.WithLoopback()} // the server is on this machine, which the library would otherwise refuse
	if s.verbose {
		options = append(options, gotgcall.WithLogger(slog.New(slog.NewTextHandler(show, nil))))
	}
	client, err := gotgcall.New(options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	listener := newListener(files.sound, s.film)
	defer listener.close()
	stick, err := startYardstick(listener.began)
	if err != nil {
		return nil, err
	}
	defer stick.stop()
	c := &call{
		settings: s, screen: show, client: client, server: server, listener: listener, ended: make(chan legEnd, 8),
		middle: planMiddle(song.length, s.length, s.pause, s.next != ""), sounding: song.sound,
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	if err := listener.close(); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecording, err)
	}
	if err := client.Close(); err != nil {
		return nil, err
	}
	endpoint := listener.endpoint
	e := &evidence{
		times: c.times, middle: c.middle, began: listener.began, arrivals: listener.all(), ticks: stick.stop(),
		stats: endpoint.Stats(endpoint.AudioSSRC()), violations: server.Violations(), stamps: listener.firsts(),
		endpoint: endpoint,
	}
	if s.film {
		e.picture = pictureEvidenceOf(listener)
		if err := files.writePicture(endpoint, &e.picture); err != nil {
			return nil, err
		}
	}
	return e, nil
}
