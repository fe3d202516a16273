package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// measure runs a row's two processes.
func measure(ctx context.Context, r row) (res result, err error) {
	self, err := os.Executable()
	if err != nil {
		return res, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return res, err
	}
	receiver := exec.CommandContext(ctx, self, roleReceive, string(text))
	receiver.Stderr = os.Stderr
	quit, err := receiver.StdinPipe()
	if err != nil {
		return res, err
	}
	said, err := receiver.StdoutPipe()
	if err != nil {
		return res, err
	}
	if err := receiver.Start(); err != nil {
		return res, err
	}
	defer func() {
		_ = quit.Close()
		_ = receiver.Wait() // what it has to say is said
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return res, fmt.Errorf("the receiver did not start: %w", err)
	}
	r.Receiver = strings.TrimSpace(line)
	if text, err = json.Marshal(r); err != nil {
		return res, err
	}
	sender := exec.CommandContext(ctx, self, roleSend)
	sender.Stderr = os.Stderr
	sender.Stdin = bytes.NewReader(text)
	out, err := sender.Output()
	if err != nil {
		return res, fmt.Errorf("the sender: %w", err)
	}
	err = json.Unmarshal(out, &res)
	return res, err
}
