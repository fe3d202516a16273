package telegram

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testToken = "123456:AAbbCCddEEffGGhhIIjj-KK_ll"
	botName   = "stream_bot"

	// patience is how long anything may take on a busy machine.
	patience = 20 * time.Second
)

// fakeAPI plays Telegram's Bot API on the loopback address.
type fakeAPI struct {
	t   *testing.T
	web *httptest.Server

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	calls   []apiCall
	updates []string            // not acknowledged yet
	nextID  int                 // of an update
	canned  map[string][]string // answers by method, each used once; "" hangs up
	down    bool                // every connection is closed without an answer
	polling int                 // polls that are held open
	open    int                 // connections
}

// apiCall is one request that was made.
type apiCall struct {
	method string
	fields map[string]string
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{t: t, changed: make(chan struct{}), nextID: 100, canned: map[string][]string{}}
	f.web = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.web.Config.ConnState = f.connection
	f.web.Start()
	t.Cleanup(f.web.Close)
	return f
}

// connection counts those that are open.
func (f *fakeAPI) connection(_ net.Conn, s http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch s {
	case http.StateNew:
		f.open++
	case http.StateClosed, http.StateHijacked:
		f.open--
	}
	f.tell()
}

func (f *fakeAPI) serve(w http.ResponseWriter, r *http.Request) {
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+testToken+"/")
	if !ok {
		f.t.Errorf("a request for %s", r.URL.Path)
		return
	}
	fields := map[string]string{}
	if err := r.ParseMultipartForm(1 << 20); err == nil {
		for name, values := range r.MultipartForm.Value {
			fields[name] = values[0]
		}
	}
	text, answered := f.note(method, fields)
	if !answered {
		text, answered = f.result(r, method, fields)
	}
	if !answered {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
		return
	}
	if strings.Contains(text, `"error_code":429`) {
		w.WriteHeader(http.StatusTooManyRequests)
	}
	fmt.Fprint(w, text)
}

// note writes a request down. answered is true when the test has set what to answer.
func (f *fakeAPI) note(method string, fields map[string]string) (text string, answered bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, apiCall{method, fields})
	f.tell()
	if waiting := f.canned[method]; len(waiting) > 0 && !f.down {
		f.canned[method] = waiting[1:]
		return waiting[0], waiting[0] != ""
	}
	return "", false
}

// tell wakes who waits. It expects the lock.
func (f *fakeAPI) tell() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// result is what Telegram answers when nothing is wrong.
func (f *fakeAPI) result(r *http.Request, method string, fields map[string]string) (text string, answered bool) {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	switch {
	case down:
		return "", false
	case method == "getMe":
		return `{"ok":true,"result":{"id":123456,"is_bot":true,"first_name":"Stream","username":"` + botName + `"}}`, true
	case method == "getUpdates":
		return `{"ok":true,"result":[` + strings.Join(f.poll(r, fields), ",") + `]}`, true
	case method == "sendMessage":
		return `{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":` + fields["chat_id"] + `,"type":"private"}}}`, true
	case method == "editMessageText":
		return `{"ok":true,"result":{"message_id":` + fields["message_id"] + `,"date":1,"chat":{"id":` + fields["chat_id"] + `,"type":"private"}}}`, true
	case method == "answerCallbackQuery", method == "setMyCommands":
		return `{"ok":true,"result":true}`, true
	}
	f.t.Errorf("there is no method %s here", method)
	return `{"ok":false,"error_code":404,"description":"Not Found"}`, true
}

// poll forgets what is acknowledged, and waits for something new.
func (f *fakeAPI) poll(r *http.Request, fields map[string]string) []string {
	offset, _ := strconv.Atoi(fields["offset"])
	seconds, _ := strconv.Atoi(fields["timeout"])
	over := time.After(time.Duration(seconds) * time.Second)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polling++
	defer func() { f.polling-- }()
	for {
		var pending []string
		for _, u := range f.updates {
			var id struct {
				Number int `json:"update_id"`
			}
			if err := json.Unmarshal([]byte(u), &id); err != nil || id.Number >= offset {
				pending = append(pending, u)
			}
		}
		f.updates = pending
		if len(pending) > 0 {
			return pending
		}
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
			f.mu.Lock()
		case <-over:
			f.mu.Lock()
			return nil
		case <-r.Context().Done():
			f.mu.Lock()
			return nil
		}
	}
}

// answer sets what a method answers next, once each. An empty one hangs up.
func (f *fakeAPI) answer(method string, texts ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.canned[method] = append(f.canned[method], texts...)
}

func (f *fakeAPI) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// write is a message of a user, in a private chat.
func (f *fakeAPI) write(user int64, text string) {
	f.writeIn(user, user, "private", text)
}

func (f *fakeAPI) writeIn(user, chat int64, kind, text string) {
	f.update(fmt.Sprintf(`"message":{"message_id":5,"date":1,"from":{"id":%d,"is_bot":false,"first_name":"A"},"chat":{"id":%d,"type":%q},"text":%s}`,
		user, chat, kind, quote(text)))
}

// press is a button that a user presses below message 7 of the bot.
func (f *fakeAPI) press(user int64, data string) {
	f.update(fmt.Sprintf(`"callback_query":{"id":"q1","from":{"id":%d,"is_bot":false,"first_name":"A"},"chat_instance":"x","data":%s,`+
		`"message":{"message_id":7,"date":1,"chat":{"id":%d,"type":"private"},"text":"…"}}`, user, quote(data), user))
}

func (f *fakeAPI) update(body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	f.updates = append(f.updates, fmt.Sprintf(`{"update_id":%d,%s}`, f.nextID, body))
	f.tell()
}

func quote(s string) string {
	text, _ := json.Marshal(s) // a string always has one
	return string(text)
}

// wait returns the n-th call of a method, counted from 0.
func (f *fakeAPI) wait(method string, n int) apiCall {
	f.t.Helper()
	var found apiCall
	f.until(fmt.Sprintf("call %d of %s", n, method), func() bool {
		seen := 0
		for _, c := range f.calls {
			if c.method == method {
				if seen == n {
					found = c
					return true
				}
				seen++
			}
		}
		return false
	})
	return found
}

// until waits for a condition, which is called under the lock.
func (f *fakeAPI) until(what string, holds func() bool) {
	f.t.Helper()
	over := time.After(patience)
	for {
		f.mu.Lock()
		ok, changed := holds(), f.changed
		f.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-over:
			f.t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// count is how often a method was called.
func (f *fakeAPI) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c.method == method {
			n++
		}
	}
	return n
}
