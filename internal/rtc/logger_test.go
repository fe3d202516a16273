package rtc

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"gotgcall/models"
)

func TestLinesOfPionHaveNoPasswordsAndTracesOnlyIfAsked(t *testing.T) {
	for _, all := range []bool{false, true} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c := Config{Logger: log, ICEServers: []models.ICEServer{{Credential: "planted-turn"}, {}}}
		if all {
			c.Pion = log
		}
		e, err := NewEngine(c)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		l := e.With("chat", 7).pionLog("planted-ice", "").NewLogger("ice")
		l.Debugf("remotePwd: %q, %s", "planted-ice", "planted-turn")
		l.Trace("one packet")
		l.Tracef("another %s", "packet")
		l.Warn("Incoming unhandled RTP ssrc(7)")
		text := out.String()
		if !strings.Contains(text, `level=DEBUG msg="remotePwd: \"***\", ***" chat=7 pion=ice severity=debug`) || strings.Contains(text, "planted") {
			t.Errorf("the log is\n%s", text)
		}
		for _, word := range []string{"one packet", "another packet", "Incoming unhandled", "severity=trace"} {
			if strings.Contains(text, word) != all {
				t.Errorf("asked for all: %v. The log has %q, or not:\n%s", all, word, text)
			}
		}
	}
}

func TestFailuresAreRememberedWhateverTheLevel(t *testing.T) {
	for _, c := range []Config{{Logger: slog.New(slog.DiscardHandler)}, {Logger: slog.New(slog.DiscardHandler), Pion: slog.New(slog.DiscardHandler)}} {
		e, err := NewEngine(c)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		p := e.pionLog()
		p.NewLogger("pc").Warnf(startFailure+"%s", "no cipher")
		if got := p.lastFailure(); got != "no cipher" {
			t.Errorf("the failure is %q", got)
		}
	}
}
