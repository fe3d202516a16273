package gotgcall_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
)

// inside are the callbacks, each with what makes the Client call it for a chat of its own.
var inside = map[string]struct {
	register func(c *gotgcall.Client, called func(chat int64))
	ring     func(w *world, chat int64)
}{
	"OnStreamEnd": {func(c *gotgcall.Client, called func(int64)) {
		c.OnStreamEnd(func(chat int64, _ gotgcall.StreamType, _ gotgcall.Device, _ error) { called(chat) })
	}, playOne},
	"OnTrackStart": {func(c *gotgcall.Client, called func(int64)) {
		c.OnTrackStart(func(chat int64, _ gotgcall.PlaylistTrack) { called(chat) })
	}, playOne},
	"OnTrackEnd": {func(c *gotgcall.Client, called func(int64)) {
		c.OnTrackEnd(func(chat int64, _ gotgcall.PlaylistTrack, _ error) { called(chat) })
	}, playOne},
	"OnConnectionChange": {func(c *gotgcall.Client, called func(int64)) {
		c.OnConnectionChange(func(chat int64, _ gotgcall.NetworkInfo) { called(chat) })
	}, func(w *world, chat int64) {
		w.create(chat)
		must(w.t, w.client.Stop(chat))
	}},
	"OnUpgrade": {func(c *gotgcall.Client, called func(int64)) {
		c.OnUpgrade(func(chat int64, _ gotgcall.MediaState) { called(chat) })
	}, func(w *world, chat int64) {
		w.create(chat)
		_, err := w.client.Mute(chat)
		must(w.t, err)
	}},
	"OnRejoinNeeded": {func(c *gotgcall.Client, called func(int64)) { c.OnRejoinNeeded(called) }, func(w *world, chat int64) {
		bell := w.join(chat)
		time.AfterFunc(100*time.Millisecond, bell.CloseNotify) // at once it would be noticed by the silence only, seconds later
	}},
}

// playOne plays a list of one packet.
func playOne(w *world, chat int64) {
	w.join(chat)
	_ = w.client.SetStreamSources(chat, gotgcall.NewPlaylist(song{packets: 1})) // an error when Close is what the callback calls
}

// places are where a method is called from: "" is outside of all callbacks.
func placesToCallFrom() []string {
	places := []string{""}
	for name := range inside {
		places = append(places, name)
	}
	slices.Sort(places)
	return places
}

// from calls f from a place, and returns when f has. Each callback needs a chat of its own to be rung by.
func (w *world) from(place string, chat int64, f func()) {
	w.t.Helper()
	if place == "" {
		f()
		return
	}
	done := make(chan struct{})
	var once sync.Once
	inside[place].register(w.client, func(by int64) {
		if by == chat {
			once.Do(func() {
				defer close(done)
				f()
			})
		}
	})
	inside[place].ring(w, chat)
	select {
	case <-done:
	case <-time.After(hang):
		w.t.Fatalf("%s was not called, or has not come back", place)
	}
	_ = w.client.Stop(chat) // which f may have closed
}

// theatre is a world in which many chats are brought into one state, and methods are tried on them.
type theatre struct {
	*world
	table   stateTable
	state   string
	enact   func(s *subject) // brings a chat into the state
	raw     bool             // the chats are broadcasts
	url     func(script string, chat int64) string
	ffmpeg  string        // the path of that of the broadcasts
	bounds  time.Duration // how much longer than in fake time anything may take
	turn    int           // the number of the state, by which what changes it is tried from another place each time
	unknown int64         // the last chat that was used

	mu   sync.Mutex
	made map[int][]byte // Ogg, by its packets
}

// cell is one method in the state, called from one place.
type cell struct {
	method, want, from string
	s                  *subject // whom it is tried on; all that leaves the state as it is share one
}

// wanted returns what the table expects of a method.
func (h *theatre) wanted(method string) string {
	return h.table.cells[method][slices.Index(h.table.states, h.state)]
}

// cells returns what is to be tried, each with a subject that is to be in the state. What leaves the state as it is is tried from everywhere, on one
// subject; what does not needs one of its own, and is tried from one place, which is another one in the next state.
func (h *theatre) cells() (list []cell) {
	common := h.subject()
	common.holds = 1 << 30 // whatever is tried
	places := placesToCallFrom()
	for i, name := range h.table.methods {
		c := cell{method: name, want: h.wanted(name), from: places[(h.turn+i)%len(places)], s: common}
		switch {
		case name == "Close": // ends them all
		case c.changes():
			c.s = h.subject()
			list = append(list, c)
		default:
			for _, c.from = range places {
				list = append(list, c)
			}
		}
	}
	return list
}

// changes tells whether the state is another one afterwards.
func (c cell) changes() bool {
	return (words[c.want] == nil && c.want != "no" || c.takesTime()) && !methods[c.method].leaves
}

func (c cell) takesTime() bool { return c.want == "waits" || strings.HasSuffix(c.want, "…") }

// subject makes one, which is in no state yet.
func (h *theatre) subject() *subject {
	h.unknown++
	return newSubject(h, h.unknown)
}

// all tries every method in the state, and Close at the end.
func (h *theatre) all() {
	h.t.Helper()
	list := h.cells()
	var getting sync.WaitGroup
	seen := map[*subject]bool{}
	for _, c := range list {
		if !seen[c.s] && !c.takesTime() {
			seen[c.s] = true
			getting.Go(func() { h.enact(c.s) })
		}
	}
	getting.Wait()
	if h.t.Failed() {
		return
	}
	places := placesToCallFrom()
	for _, late := range []bool{false, true} { // what takes time comes last: meanwhile the state of the others passes
		for _, place := range places {
			here := slices.DeleteFunc(slices.Clone(list), func(c cell) bool { return c.from != place || c.takesTime() != late })
			if len(here) > 0 {
				h.inside(place, func() { h.try(here) })
			}
		}
	}
	last := places[h.turn%len(places)]
	h.inside(last, func() { h.try([]cell{h.close(last, list[0].s)}) })
}

// inside is from with a chat that nobody has used.
func (h *theatre) inside(place string, f func()) {
	h.t.Helper()
	h.unknown++
	h.from(place, h.unknown, f)
}

// closed tries everything after Close, from where it is called.
func (h *theatre) closed(place string) {
	h.t.Helper()
	list := slices.DeleteFunc(h.cells(), func(c cell) bool { return c.from != place })
	s := list[0].s // of all: nothing changes a Client that is closed
	h.enact(s)
	h.try(append(list, h.close(place, s)))
}

func (h *theatre) close(from string, s *subject) cell {
	return cell{method: "Close", want: h.wanted("Close"), from: from, s: s}
}

// try calls methods, one after the other.
func (h *theatre) try(cells []cell) {
	for _, c := range cells {
		if c.takesTime() {
			h.enact(c.s)
		}
		before := c.s.controls()
		begin := time.Now()
		changed, err := methods[c.method].call(c.s)
		took := time.Since(begin)
		where := "from outside"
		if c.from != "" {
			where = "inside " + c.from
		}
		if wrong := verdict(c.want, c.s.chat, changed, err); wrong != "" {
			h.t.Errorf("%s, %s, %s: %s", c.method, h.state, where, wrong)
		}
		if after := c.s.controls(); err != nil && words[c.want] != nil && after != before {
			h.t.Errorf("%s, %s, %s: the error «%v» has changed the state from %+v to %+v", c.method, h.state, where, err, before, after)
		}
		if limit := c.limit() + h.bounds; took > limit {
			h.t.Errorf("%s, %s, %s: it took %s, expected %s at most", c.method, h.state, where, took, limit)
		}
	}
}

// controls is what nothing but a method changes: a picture also ends by itself.
func (s *subject) controls() gotgcall.MediaState {
	state, _ := s.client.GetState(s.chat) // that of a chat without a call is the zero one
	state.VideoStopped = false
	return state
}

// limit is how long a method may take.
func (c cell) limit() time.Duration {
	switch {
	case c.takesTime():
		return playPatience
	case c.method == "Close":
		return 5 * time.Second
	default:
		return 2 * time.Second
	}
}

func TestEveryMethodInEveryStateOfAGroupCall(t *testing.T) {
	t.Parallel()
	table := readStates(t, "A group call")
	for i, state := range table.states {
		if state == "closed" {
			continue
		}
		options := []gotgcall.Option{gotgcall.WithConnectTimeout(connectPatience)}
		if state != "disconnected" { // which is to last
			options = append(options, gotgcall.WithICETimeouts(time.Second, time.Second, 500*time.Millisecond))
		}
		t.Run(state, func(t *testing.T) {
			inFakeTimeWith(t, options, func(t *testing.T, w *world) {
				h := &theatre{world: w, table: table, state: state, enact: groupStates[state], url: nowhere, turn: i}
				h.all()
				synctest.Wait()
			})
		})
	}
}

// connectPatience is how long Connect may take in these tests: longer than all that is tried meanwhile.
const connectPatience = 30 * time.Second

func TestEveryMethodAfterClose(t *testing.T) {
	t.Parallel()
	table := readStates(t, "A group call")
	for _, place := range placesToCallFrom() {
		t.Run("from "+place, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				h := &theatre{world: w, table: table, state: "closed", url: nowhere}
				h.enact = func(s *subject) {
					groupStates["playing"](s)
					h.try([]cell{h.close(place, s)})
				}
				h.inside(place, func() { h.closed(place) })
			})
		})
	}
}

func TestEveryMethodOfAClientThatNewHasNotMade(t *testing.T) {
	table := readStates(t, "A group call")
	inFakeTime(t, func(t *testing.T, w *world) {
		unmade := &world{t: t, server: w.server, client: new(gotgcall.Client)}
		h := &theatre{world: unmade, table: table, state: "closed", enact: func(*subject) {}, url: nowhere}
		h.closed("")
	})
}

func TestEveryMethodOfAVoiceInEveryState(t *testing.T) {
	t.Parallel()
	table := readStates(t, "A source of FromOpus")
	table.cells["Close"] = slices.Repeat([]string{"ok"}, len(table.states))
	for i, state := range table.states {
		t.Run(state, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				h := &theatre{world: w, table: table, state: state, enact: voiceStates[state], url: nowhere, turn: i}
				h.all()
				synctest.Wait()
			})
		})
	}
}
