package main

import (
	"context"
	"time"
)

const (
	pauseLength = 3 * time.Second
	// middleOfUnknown is where the middle of a song is whose length nobody knows.
	middleOfUnknown = 5 * time.Second
)

// middle is what happens in the middle of the song, if it was asked for.
type middle struct {
	length            time.Duration // of what is being played, as far as it is going to be; 0: not known
	pauseAt, changeAt time.Duration // positions in the song; 0: never, or done
	pause             *pauseMoments
	change            *changeMoments
}

// pauseMoments are times since the listener began, and positions in the song.
type pauseMoments struct {
	asked, paused, resumed time.Duration // before Pause, after it, before Resume
	before, after          time.Duration
}

// within tells whether a time between two packets has a part of the pause in it.
func (m *pauseMoments) within(from, to time.Duration) bool {
	return m != nil && to >= m.asked && from <= m.resumed
}

// changeMoments are times since the listener began.
type changeMoments struct {
	asked, done time.Duration // before SetStreamSources and after it
	position    time.Duration // in the new song, at the moment done
	length      time.Duration // of the new song, by ffmpeg; 0: not known
}

// planMiddle finds the places for a pause and a change of the source: the middle, or two thirds of the song for two.
func planMiddle(length, limit time.Duration, pause, change bool) middle {
	m := middle{length: length}
	if limit > 0 && (length == 0 || limit < length) {
		m.length = limit
	}
	center := m.length / 2
	if m.length == 0 {
		center = middleOfUnknown
	}
	if pause {
		m.pauseAt = center
	}
	if change {
		m.changeAt = center
	}
	if pause && change {
		m.pauseAt, m.changeAt = center*2/3, center*4/3
	}
	return m
}

// actInTheMiddle does what is to be done at this position.
func (c *call) actInTheMiddle(ctx context.Context) error {
	m := &c.middle
	if m.pauseAt > 0 && c.times.position >= m.pauseAt {
		m.pauseAt = 0
		return c.pauseAndResume(ctx)
	}
	if m.changeAt > 0 && c.times.position >= m.changeAt {
		return c.changeSong(ctx)
	}
	return nil
}

// pauseAndResume holds the song for a while.
func (c *call) pauseAndResume(ctx context.Context) error {
	var m pauseMoments
	m.asked = c.listener.clock()
	if _, err := c.client.Pause(chatID); err != nil {
		return err
	}
	m.paused = c.listener.clock()
	if err := c.takePosition(); err != nil {
		return err
	}
	m.before = c.times.position
	c.screen.step("Pause at %s, for %v", minutes(m.before), pauseLength)
	select {
	case <-time.After(pauseLength):
	case <-ctx.Done():
	}
	if err := c.takePosition(); err != nil {
		return err
	}
	m.after = c.times.position
	m.resumed = c.listener.clock()
	if _, err := c.client.Resume(chatID); err != nil {
		return err
	}
	c.screen.step("Resume at %s", minutes(m.after))
	c.middle.pause = &m
	return nil
}

// changeSong replaces the song by the other one. The old one plays on until the new one has its first sound.
func (c *call) changeSong(ctx context.Context) error {
	c.middle.changeAt = 0
	m := changeMoments{asked: c.listener.clock()}
	if err := c.client.SetStreamSourcesContext(ctx, chatID, c.settings.source(c.settings.next)); err != nil {
		return err
	}
	m.done = c.listener.clock()
	if err := c.takePosition(); err != nil {
		return err
	}
	m.position = c.times.position
	c.screen.step("SetStreamSources plays %s now; it took its place %s after it was asked for", c.settings.next,
		(m.done - m.asked).Round(time.Millisecond))
	next, _ := probe(ctx, c.settings.next)
	m.length = next.length
	c.middle.length = m.length
	c.middle.change = &m
	c.sounding, c.anEnd = next.sound, false
	for {
		select {
		case <-c.ended: // the old song, which was over before the new one was there
		default:
			return nil
		}
	}
}
