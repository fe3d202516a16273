package gotgcall_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/ivftest"
	"gotgcall/sfutest"
)

// everyLog switches on all that can be logged.
func everyLog() []gotgcall.Option {
	return []gotgcall.Option{
		gotgcall.WithDebugLogs(), gotgcall.WithFFmpegStderrLog(), gotgcall.WithPionTraceLogs(), gotgcall.WithICECandidateLogs(),
		gotgcall.WithVerboseConnectionLogs(),
	}
}

// logOf is what a call logs from CreateCall to Stop, with a logger whose level is Info.
func logOf(t *testing.T, options ...gotgcall.Option) string {
	t.Helper()
	var log lockedBuffer
	options = append([]gotgcall.Option{gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))}, options...)
	inFakeTimeWith(t, options, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Second)
		must(t, w.client.Stop(1))
	})
	return log.String()
}

func TestEachLogOptionAddsItsRecordsWhateverTheLevelOfTheLogger(t *testing.T) {
	t.Parallel()
	const (
		pionDebug = "pion=ice severity=debug"
		pionTrace = "severity=trace"
		candidate = `msg="local ICE candidate" chat=1 type=host protocol=udp address=198.51.100.2:`
		step      = `msg=ICE chat=1 after=`
	)
	all := []string{pionDebug, pionTrace, candidate, step}
	for name, c := range map[string]struct {
		option gotgcall.Option
		says   []string
	}{
		"none":                      {nil, nil},
		"WithDebugLogs":             {gotgcall.WithDebugLogs(), []string{pionDebug}},
		"WithPionTraceLogs":         {gotgcall.WithPionTraceLogs(), []string{pionDebug, pionTrace}},
		"WithICECandidateLogs":      {gotgcall.WithICECandidateLogs(), []string{candidate, `msg="remote ICE candidate" chat=1`, `msg="ICE pair selected" chat=1`}},
		"WithVerboseConnectionLogs": {gotgcall.WithVerboseConnectionLogs(), []string{step, "state=connected", "setting up", "ICE gathering"}},
		"WithFFmpegStderrLog":       {gotgcall.WithFFmpegStderrLog(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			log := logOf(t, c.option)
			for _, word := range c.says {
				if !strings.Contains(log, word) {
					t.Errorf("the log does not say %q:\n%s", word, log)
				}
			}
			for _, word := range all {
				if said := strings.Contains(log, word); said && !strings.Contains(strings.Join(c.says, "\n"), word) {
					t.Errorf("the log says %q", word)
				}
			}
			if !strings.Contains(log, "level=INFO msg=connected chat=1") {
				t.Errorf("the outcome is not in the log:\n%s", log)
			}
		})
	}
}

func TestEveryRecordOfACallCarriesItsChat(t *testing.T) {
	for line := range strings.Lines(logOf(t, everyLog()...)) {
		if !strings.Contains(line, "chat=1") {
			t.Errorf("a record without its chat: %s", line)
		}
	}
}

func TestARecordAboutASourceNamesChatAndSource(t *testing.T) {
	var log lockedBuffer
	inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))}, func(t *testing.T, w *world) {
		w.join(1)
		pictures := ivftest.Frames(60, 1, 100)
		for i := range pictures[30:] {
			pictures[30+i].PTS += 30 * 3600
		}
		must(t, w.client.SetStreamSources(1, bytesSource{ivftest.Stream{}.Bytes(pictures)}))
		time.Sleep(10 * time.Second)
	})
	want := `level=WARN msg="the source's times jump forward; going on without the wait" chat=1 source=gotgcall_test.bytesSource`
	if !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say\n%s\nbut\n%s", want, &log)
	}
}

func TestPasswordsOfACallAreNotLoggedWhateverIsSwitchedOn(t *testing.T) {
	var log lockedBuffer
	var secrets []string
	options := append(everyLog(), gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	inFakeTimeWith(t, options, func(t *testing.T, w *world) {
		params, err := w.client.CreateCall(1)
		must(t, err)
		answer, err := w.server.Join(1, params)
		must(t, err)
		for _, text := range []string{params, answer} {
			var doc struct {
				Pwd       string
				Transport struct{ Pwd string }
			}
			must(t, json.Unmarshal([]byte(text), &doc))
			secrets = append(secrets, doc.Pwd+doc.Transport.Pwd)
		}
		must(t, w.client.Connect(1, answer))
	})
	if !strings.Contains(log.String(), "remotePwd") {
		t.Error("pion does not print the password any more; is the test of use?")
	}
	for _, secret := range secrets {
		if len(secret) < 20 || strings.Contains(log.String(), secret) {
			t.Errorf("the ICE password %q is in the log, or is none", secret)
		}
	}
}

// byDefault makes what New finds as slog.Default until the test is over.
func byDefault(t *testing.T) *lockedBuffer {
	var log lockedBuffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	return &log
}

// connectOnce connects chat 1 of a Client over the loopback interface, and closes everything.
func connectOnce(t *testing.T, options ...gotgcall.Option) {
	t.Helper()
	server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()))
	must(t, err)
	defer server.Close()
	client, err := gotgcall.New(options...)
	must(t, err)
	defer client.Close()
	params, err := client.CreateCall(1)
	must(t, err)
	answer, err := server.Join(1, params)
	must(t, err)
	must(t, client.Connect(1, answer))
}

func TestWithoutALoggerLogOptionsWriteToTheDefaultLogger(t *testing.T) {
	for _, given := range []bool{false, true} {
		log := byDefault(t)
		options := []gotgcall.Option{gotgcall.WithoutFFmpeg(), gotgcall.WithLoopback()}
		if given {
			options = append(options, gotgcall.WithVerboseConnectionLogs())
		}
		connectOnce(t, options...)
		if said := strings.Contains(log.String(), "level=DEBUG msg=ICE chat=1"); said != given {
			t.Errorf("the option is given: %v. The default logger has its records: %v\n%s", given, said, log)
		}
		if said := strings.Contains(log.String(), "level=INFO msg=connected chat=1"); said != given {
			t.Errorf("the option is given: %v. The default logger has other records: %v\n%s", given, said, log)
		}
	}
}
