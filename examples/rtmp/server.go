package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"time"
)

// perform pushes to the server that was named, or to one of its own, and says what came of it.
func perform(ctx context.Context, s settings, show io.Writer) error {
	to := s.to
	var local *server
	if to == "" {
		var err error
		if local, err = startServer(s.recording); err != nil {
			return err
		}
		defer local.stop()
		to = local.address
	}
	shown, _ := addressOf(to)
	fmt.Fprintln(show, "pushing to", shown)
	b, err := push(ctx, s, to, show)
	if err != nil {
		return err
	}
	fmt.Fprintf(show, "\nwall time    %.3f s\nconnections  %d\n", b.stop.Sub(b.begin).Seconds(), b.connections)
	if local == nil {
		return nil
	}
	if err := local.wait(); err != nil {
		return err
	}
	return readBack(context.WithoutCancel(ctx), s.recording, b)
}

// server is an ffmpeg that takes one broadcast and records it.
type server struct {
	address string
	cmd     *exec.Cmd
	done    chan struct{} // closed when it has ended
}

// errRecording is why there is no server: nobody could see what it gets.
var errRecording = errors.New("the recording cannot be written; name another file for it with -o")

// startServer starts it on a free port of this machine. Until it listens, the library tries again.
func startServer(recording string) (*server, error) {
	file, err := os.OpenFile(recording, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRecording, err)
	}
	file.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{address: fmt.Sprintf("rtmp://%s/live/key", free.Addr()), done: make(chan struct{})}
	free.Close()
	s.cmd = exec.Command("ffmpeg", "-nostdin", "-v", "error", "-y", "-listen", "1", "-i", s.address, "-c", "copy", "-copyts", "-f", "flv", "file:"+recording)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // the recording tells how it went; a Ctrl-C in the terminal ends the server too
		close(s.done)
	}()
	return s, nil
}

// wait waits until the server has written what it got.
func (s *server) wait() error {
	select {
	case <-s.done:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the server did not see the end of the broadcast")
	}
}

// stop ends a server that still waits.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // one that has ended already stays so
	<-s.done
}
