package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"gotgcall"
)

// startBroadcast pushes what plays, from its beginning, to an RTMP server: the one at the address, or one of our own that records.
func (b *bot) startBroadcast(ctx context.Context, address string) error {
	current, ok := b.playlist().Current()
	if !ok {
		return fmt.Errorf("%w: play what is to be broadcast first", gotgcall.ErrNoSource)
	}
	if err := b.stopBroadcast(); err != nil {
		return err
	}
	if address == "" {
		r, err := startRecorder()
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.recording, address = r, r.address
		b.mu.Unlock()
		b.say("the broadcast is recorded into %s", r.file)
	}
	// A livestream is a call of its own: StartRTMP takes the place of CreateCall and Connect, and all else is the same.
	err := b.client.StartRTMP(broadcastID, address)
	if err == nil {
		err = b.client.SetStreamSourcesContext(ctx, broadcastID, current.Source)
	}
	if err != nil {
		return errors.Join(err, b.stopBroadcast())
	}
	return nil
}

// stopBroadcast ends it, and the recording with it.
func (b *bot) stopBroadcast() error {
	err := b.client.Stop(broadcastID)
	if errors.Is(err, gotgcall.ErrConnectionNotFound) {
		err = nil // there was none
	}
	b.mu.Lock()
	r := b.recording
	b.recording = nil
	b.mu.Unlock()
	if r != nil {
		r.stop()
	}
	return err
}

// recorder is an ffmpeg that takes one broadcast and writes it into a file.
type recorder struct {
	address, file string
	cmd           *exec.Cmd
	done          chan struct{} // closed when it has ended
}

// recorderPatience is how long the end of a recording may take.
const recorderPatience = 3 * time.Second

// startRecorder starts it on a free port of this machine. Until it listens, the library tries again.
func startRecorder() (*recorder, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{
		address: fmt.Sprintf("rtmp://%s/live/key", free.Addr()),
		file:    filepath.Join(os.TempDir(), "gotgcall-preview.flv"),
		done:    make(chan struct{}),
	}
	free.Close()
	r.cmd = exec.Command("ffmpeg", "-nostdin", "-v", "error", "-y", "-listen", "1", "-i", r.address, "-c", "copy", "-f", "flv", "file:"+r.file)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", gotgcall.ErrFFmpegSpawn, err)
	}
	go func() {
		_ = r.cmd.Wait() // the recording tells how it went
		close(r.done)
	}()
	return r, nil
}

// stop waits until the recorder has written what it got. One that nothing was pushed to still listens, and is ended.
func (r *recorder) stop() {
	select {
	case <-r.done:
	case <-time.After(recorderPatience):
		_ = r.cmd.Process.Kill() // one that has ended meanwhile stays so
		<-r.done
	}
}
