package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"gotgcall"
)

// chatID is the broadcast's number: the library tells calls apart by it.
const chatID = 1

// card makes the test card: moving bars with a clock, and a tone that beeps each second.
func card(ctx context.Context, ffmpeg, path string) error {
	cmd := exec.CommandContext(ctx, cmp.Or(ffmpeg, "ffmpeg"), "-nostdin", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=854x480:rate=25:duration=20", "-f", "lavfi", "-i", "sine=frequency=220:beep_factor=4:sample_rate=48000:duration=20",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the test card cannot be made: %w %s; name a film instead", err, bytes.TrimSpace(out))
	}
	return nil
}

// encoding is how the demo broadcasts.
var encoding = gotgcall.EncodeOptions{
	Tracks: gotgcall.TrackAudio | gotgcall.TrackVideo, VideoWidth: 854, VideoHeight: 480, VideoFPS: 25, VideoBitrateKbps: 1200,
}

// broadcast pushes a film or the test card by RTMP.
type broadcast struct {
	client *gotgcall.Client
	ended  chan error // what plays is over: nil for the film's end
}

// startBroadcast begins; film is a file, which is played again and again, or an address.
func startBroadcast(ctx context.Context, to, film string) (*broadcast, error) {
	client, err := gotgcall.New()
	if err != nil {
		return nil, err
	}
	b := &broadcast{client: client, ended: make(chan error, 1)}
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) {
		select {
		case b.ended <- err:
		default: // the other of sound and picture has told it
		}
	})
	source := gotgcall.FromFile(film, gotgcall.EncodeOptions{Loop: -1})
	if strings.Contains(film, "://") {
		source = gotgcall.FromURL(film)
	}
	if err := client.StartRTMP(chatID, to); err != nil {
		client.Close()
		return nil, err
	}
	if err := client.SetStreamSourcesContext(ctx, chatID, source, encoding); err != nil {
		client.Close()
		return nil, fmt.Errorf("the film cannot be played: %w", err)
	}
	return b, nil
}

func (b *broadcast) pause() error {
	_, err := b.client.Pause(chatID)
	return err
}

func (b *broadcast) resume() error {
	_, err := b.client.Resume(chatID)
	return err
}

// stop ends the stream as a broadcaster does, and what belongs to it.
func (b *broadcast) stop() error {
	err := b.client.Stop(chatID)
	b.client.Close()
	return err
}
