//go:build unix

package gotgcall_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// pushScript is the ffmpeg of these broadcasts: what follows the last slash of the URL says how its server behaves.
const pushScript = `#!/bin/sh
case "$*" in
*/deaf-*) exec sleep 3600 ;;
*/hopeless-*)
	echo "Unknown encoder 'libx264'" >&2
	exit 1 ;;
*/lost-*)
	lost=$0.${*##*/lost-}
	[ ! -e "$lost" ] || exec sleep 3600 # only the first connection comes about
	echo total_size=100
	exec 3<&0
	cat <&3 >/dev/null &
	until [ -e "$lost" ]; do sleep 0.05; done
	kill $!
	exit 1 ;;
esac
echo total_size=100
exec cat >/dev/null
`

func scripted(script string, chat int64) string {
	return fmt.Sprintf("rtmp://127.0.0.1/live/%s-%d", script, chat)
}

// start makes the chat a broadcast.
func (s *subject) start(script string) { must(s.t, s.client.StartRTMP(s.chat, s.url(script))) }

// broadcastStates bring a broadcast into each state.
var broadcastStates = map[string]func(s *subject){
	"none":       func(*subject) {},
	"waiting":    func(s *subject) { s.start("calm") },
	"connecting": func(s *subject) { s.start("deaf"); s.set() },
	"opening":    func(s *subject) { s.start("calm"); s.open() },
	"playing":    func(s *subject) { s.start("calm"); s.play() },
	"paused":     func(s *subject) { s.start("calm"); s.play(); s.change((*gotgcall.Client).Pause) },
	"muted":      func(s *subject) { s.start("calm"); s.play(); s.change((*gotgcall.Client).Mute) },
	"seeking":    func(s *subject) { s.start("calm"); s.seek() },
	"ended":      func(s *subject) { s.start("calm"); s.end() },
	"between":    func(s *subject) { s.start("calm"); s.pass() },
	"disconnected": func(s *subject) {
		s.start("lost")
		s.set()
		s.until("connected", s.is(gotgcall.Connected))
		must(s.t, os.WriteFile(fmt.Sprintf("%s.%d", s.ffmpeg, s.chat), nil, 0o600)) // its server goes away
		s.until("disconnected", s.is(gotgcall.Disconnected))
	},
	"failed": func(s *subject) {
		s.start("hopeless")
		s.set()
		s.until("failed", s.is(gotgcall.Failed))
	},
	"stopped": func(s *subject) { s.start("calm"); s.play(); must(s.t, s.client.Stop(s.chat)) },
	"closed":  func(s *subject) { s.start("calm"); s.play(); must(s.t, s.client.Close()) },
}

// TestEveryMethodInEveryStateOfABroadcast runs in real time, with a process for each broadcast and real calls that ring the callbacks.
func TestEveryMethodInEveryStateOfABroadcast(t *testing.T) {
	leak.Check(t)
	table := readStates(t, "A broadcast")
	ffmpeg := filepath.Join(t.TempDir(), "ffmpeg")
	must(t, os.WriteFile(ffmpeg, []byte(pushScript), 0o700)) // before anything is forked that would hold it open
	for i, state := range table.states {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()), sfutest.WithJoinTimeout(hang))
			must(t, err)
			defer func() { must(t, server.Close()) }()
			var log lockedBuffer // not t's output: a Close inside a callback does not wait for the events behind that, and they are logged after the test, too
			t.Cleanup(func() { t.Log(log.String()) })
			client, err := gotgcall.New(gotgcall.WithFFmpegPath(ffmpeg), gotgcall.WithLoopback(), gotgcall.WithConnectTimeout(hang),
				gotgcall.WithICETimeouts(2*time.Second, time.Second/2, time.Second/2), // so that OnRejoinNeeded comes soon
				gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			must(t, err)
			defer func() { must(t, client.Close()) }()
			h := &theatre{
				world: &world{t: t, server: server, client: client}, table: table, state: state, enact: broadcastStates[state],
				url: scripted, raw: true, bounds: hang, turn: i, ffmpeg: ffmpeg,
			}
			if state == "closed" {
				h.closed("")
				return
			}
			h.all()
		})
	}
}
