package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall"
)

// statesDocument says what each method does in each state. Its tables are what the tests expect.
const statesDocument = "docs/STATES.md"

// words are the cells of the document's tables: what a method returns.
var words = map[string]error{
	"ok": nil, "yes": nil, "no": nil,
	"none": gotgcall.ErrConnectionNotFound, "taken": gotgcall.ErrConnectionExists, "mode": gotgcall.ErrWrongMode,
	"dead": gotgcall.ErrNotConnected, "idle": gotgcall.ErrNoSource, "busy": gotgcall.ErrBusy, "bad": gotgcall.ErrInvalidParams,
	"file": gotgcall.ErrFile, "shut": os.ErrClosed, "closed": gotgcall.ErrClosed,
	"dead…": gotgcall.ErrNotConnected, "waits": context.DeadlineExceeded,
}

// stateTable is one table of the document.
type stateTable struct {
	states  []string
	methods []string
	cells   map[string][]string // of a method, in the order of the states
}

// readStates returns the table below a headline of the document.
func readStates(t *testing.T, headline string) (table stateTable) {
	t.Helper()
	text, err := os.ReadFile(statesDocument)
	must(t, err)
	_, section, found := strings.Cut(string(text), "\n## "+headline+"\n")
	if !found {
		t.Fatalf("%s has no section %q", statesDocument, headline)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	table.cells = map[string][]string{}
	for line := range strings.Lines(section) {
		row, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !isRow || strings.HasPrefix(row, "---") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(row, " |"), " | ")
		if table.states == nil {
			table.states = cells[1:]
			continue
		}
		if len(cells) != len(table.states)+1 {
			t.Fatalf("a row with %d cells, expected %d: %s", len(cells), len(table.states)+1, line)
		}
		for _, word := range cells[1:] {
			if _, known := words[word]; !known {
				t.Errorf("%q is no word of the tables: %s", word, line)
			}
		}
		for _, method := range strings.Split(cells[0], ", ") {
			table.methods = append(table.methods, method)
			table.cells[method] = cells[1:]
		}
	}
	return table
}

// method is one of the API, called with what it needs to succeed.
type method struct {
	call   func(s *subject) (changed bool, err error)
	leaves bool // the state as it is, also when it succeeds
}

// does is a method that returns an error only.
func does(f func(s *subject) error) method {
	return method{call: func(s *subject) (bool, error) { return false, f(s) }}
}

// looks is one that changes nothing.
func looks(f func(s *subject) error) method {
	m := does(f)
	m.leaves = true
	return m
}

// says is a method that tells whether it has changed anything.
func says(f func(c *gotgcall.Client, chat int64) (bool, error)) method {
	return method{call: func(s *subject) (bool, error) { return f(s.client, s.chat) }}
}

// asks is a method that looks something up for a chat.
func asks[T any](f func(c *gotgcall.Client, chat int64) (T, error)) method {
	return looks(func(s *subject) error { _, err := f(s.client, s.chat); return err })
}

// hears is the registration of a callback.
func hears(f func(s *subject)) method { return looks(func(s *subject) error { f(s); return nil }) }

// methods are all methods of all handles.
var methods = map[string]method{
	"AudioSSRC":   asks((*gotgcall.Client).AudioSSRC),
	"LeaveSource": asks((*gotgcall.Client).LeaveSource),
	"Sources":     asks((*gotgcall.Client).Sources),
	"GetState":    asks((*gotgcall.Client).GetState),
	"Time":        asks((*gotgcall.Client).Time),
	"Stats":       asks((*gotgcall.Client).Stats),
	"Diagnose":    asks((*gotgcall.Client).Diagnose),
	"Calls":       looks(func(s *subject) error { return notNil(s.client.Calls()) }),
	"Probe": looks(func(s *subject) error {
		_, err := s.client.Probe(s.t.Context(), gotgcall.FromOpus())
		return err
	}),
	"OnStreamEnd":        hears(func(s *subject) { s.client.OnStreamEnd(nil) }),
	"OnConnectionChange": hears(func(s *subject) { s.client.OnConnectionChange(nil) }),
	"OnUpgrade":          hears(func(s *subject) { s.client.OnUpgrade(nil) }),
	"OnRejoinNeeded":     hears(func(s *subject) { s.client.OnRejoinNeeded(nil) }),
	"OnTrackStart":       hears(func(s *subject) { s.client.OnTrackStart(nil) }),
	"OnTrackEnd":         hears(func(s *subject) { s.client.OnTrackEnd(nil) }),

	"CreateCall":        does(func(s *subject) error { _, err := s.client.CreateCall(s.chat); return err }),
	"CreateCallContext": does(func(s *subject) error { _, err := s.client.CreateCallContext(s.t.Context(), s.chat); return err }),
	"StartRTMP":         does(func(s *subject) error { return s.client.StartRTMP(s.chat, s.url("calm")) }),
	"Connect":           does(func(s *subject) error { return s.client.Connect(s.chat, s.answer) }),
	"ConnectContext":    does(func(s *subject) error { return s.client.ConnectContext(s.t.Context(), s.chat, s.answer) }),
	"Rejoin":            does(func(s *subject) error { _, err := s.client.Rejoin(s.chat); return err }),
	"Play": does(func(s *subject) error {
		ctx, cancel := context.WithTimeout(s.t.Context(), playPatience)
		defer cancel()
		return s.client.Play(ctx, s.chat, song{packets: 50}, s.signaler()) // which is no broadcast
	}),
	"Leave":       does(func(s *subject) error { return s.client.Leave(s.t.Context(), s.chat) }),
	"Stop":        does(func(s *subject) error { return s.client.Stop(s.chat) }),
	"StopContext": does(func(s *subject) error { return s.client.StopContext(s.t.Context(), s.chat) }),
	"Close":       does(func(s *subject) error { return s.client.Close() }),

	"SetStreamSources": does(func(s *subject) error { return s.client.SetStreamSources(s.chat, s.track(long), thumbnail) }),
	"SetStreamSourcesContext": does(func(s *subject) error {
		return s.client.SetStreamSourcesContext(s.t.Context(), s.chat, s.track(long), thumbnail)
	}),
	"SeekBy":        does(func(s *subject) error { return s.client.SeekBy(s.chat, 1000) }),
	"SeekByContext": does(func(s *subject) error { return s.client.SeekByContext(s.t.Context(), s.chat, 1000) }),
	"SetSpeed":      does(func(s *subject) error { return s.client.SetSpeed(s.chat, 2) }),
	"SetVolume":     does(func(s *subject) error { return s.client.SetVolume(s.chat, 2) }),
	"Pause":         says((*gotgcall.Client).Pause),
	"Resume":        says((*gotgcall.Client).Resume),
	"Mute":          says((*gotgcall.Client).Mute),
	"Unmute":        says((*gotgcall.Client).Unmute),

	"Playlist.Next":     does(func(s *subject) error { return s.list.Next() }),
	"Playlist.Previous": does(func(s *subject) error { return s.list.Previous() }),
	"Playlist.Jump":     does(func(s *subject) error { return s.list.Jump(2) }),
	"Playlist.Append":   looks(func(s *subject) error { s.list.Append(s.track(short)); return nil }),
	"Playlist.Remove":   looks(func(s *subject) error { s.list.Remove(999); return nil }),
	"Playlist.SetLoop":  looks(func(s *subject) error { s.list.SetLoop(gotgcall.LoopOff); return nil }),
	"Playlist.List":     looks(func(s *subject) error { return notNil(s.list.List()) }),
	"Playlist.Current":  looks(func(s *subject) error { s.list.Current(); return nil }),
	"Playlist.Tracks":   looks(func(s *subject) error { return notNil(s.list.Tracks()) }),
	"Playlist.String":   looks(func(s *subject) error { return notNil(s.list.String()) }),
	"Playlist.Open":     looks(func(s *subject) error { _, err := s.list.Open(s.t.Context()); return err }),

	"OpusSource.Write":        looks(func(s *subject) error { _, err := s.voice.Write(opusPacket); return err }),
	"OpusSource.WriteContext": looks(func(s *subject) error { return s.voice.WriteContext(s.t.Context(), opusPacket) }),
	"OpusSource.Clear":        looks(func(s *subject) error { s.voice.Clear(); return nil }),
	"OpusSource.End":          does(func(s *subject) error { s.voice.End(); return nil }),
	"OpusSource.Buffered":     looks(func(s *subject) error { s.voice.Buffered(); return nil }),
	"OpusSource.Tracks":       looks(func(s *subject) error { return notNil(s.voice.Tracks()) }),
	"OpusSource.String":       looks(func(s *subject) error { return notNil(s.voice.String()) }),
	"OpusSource.Probe":        looks(func(s *subject) error { _, err := s.voice.Probe(s.t.Context()); return err }),
	"OpusSource.Open":         does(func(s *subject) error { _, err := s.voice.Open(s.t.Context()); return err }),
}

// opusPacket is 20 ms of silence.
var opusPacket = []byte{0xf8, 0xff, 0xfe}

// playPatience ends a Play of the tests, later than any Connect.
const playPatience = 40 * time.Second

func notNil(v any) error {
	if reflect.ValueOf(v).IsZero() {
		return fmt.Errorf("it returned %#v", v)
	}
	return nil
}

// TestEveryMethodHasARowInTheTablesOfStates: a method that is new, or gone, is missed here.
func TestEveryMethodHasARowInTheTablesOfStates(t *testing.T) {
	call, broadcast, voice := readStates(t, "A group call"), readStates(t, "A broadcast"), readStates(t, "A source of FromOpus")
	for prefix, handle := range map[string]struct {
		what   any
		tables []stateTable
	}{
		"":            {(*gotgcall.Client)(nil), []stateTable{call, broadcast}},
		"Playlist.":   {(*gotgcall.Playlist)(nil), []stateTable{call, broadcast}},
		"OpusSource.": {(*gotgcall.OpusSource)(nil), []stateTable{voice}},
	} {
		api := reflect.TypeOf(handle.what)
		for i := range api.NumMethod() {
			name := prefix + api.Method(i).Name
			if _, known := methods[name]; !known {
				t.Errorf("nobody calls %s: it is not among the methods of states_table_test.go", name)
			}
			for _, table := range handle.tables {
				if !slices.Contains(table.methods, name) {
					t.Errorf("%s has no row for %s", statesDocument, name)
				}
			}
		}
	}
	rows := map[string]bool{}
	for _, table := range []stateTable{call, broadcast, voice} {
		for _, name := range table.methods {
			rows[name] = true
		}
	}
	for name := range rows {
		if _, known := methods[name]; !known {
			t.Errorf("%s has a row for %s, which is no method", statesDocument, name)
		}
	}
	for name := range methods {
		if !rows[name] {
			t.Errorf("%s is no method of the API, or has no row", name)
		}
	}
}

// verdict says what is wrong with what a method returned, "" when it is as the table has it.
func verdict(want string, chat int64, changed bool, err error) string {
	switch sentinel := words[want]; {
	case sentinel == nil && err != nil, sentinel != nil && !errors.Is(err, sentinel):
		return fmt.Sprintf("the error is «%v», expected %q", err, want)
	case want == "none" && !strings.Contains(err.Error(), fmt.Sprint(chat)):
		return fmt.Sprintf("the error «%v» does not say which chat", err)
	case want == "yes" && !changed, (want == "no" || err != nil) && changed:
		return fmt.Sprintf("it has changed something: %v, expected %q", changed, want)
	}
	return ""
}
