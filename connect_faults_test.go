package gotgcall_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"

	"gotgcall"
)

// changed returns the answer with its transport as f makes it.
func changed(t *testing.T, answer string, f func(transport map[string]any)) string {
	t.Helper()
	var fields map[string]any
	must(t, json.Unmarshal([]byte(answer), &fields))
	f(fields["transport"].(map[string]any))
	text, err := json.Marshal(fields)
	must(t, err)
	return string(text)
}

// nobody returns so many candidates at which nobody answers, each at an address of its own.
func nobody(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"ip": fmt.Sprintf("198.51.100.%d", 10+i%240), "port": 1000 + i/240, "protocol": "udp", "type": "host"}
	}
	return list
}

func TestAddressesWhereNobodyAnswersAreNotFlooded(t *testing.T) {
	t.Parallel()
	for _, offered := range []int{32, 500} {
		t.Run(fmt.Sprint(offered), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				var mu sync.Mutex
				sent := map[string]int{} // by the address they go to
				w.router.AddChunkFilter(func(c vnet.Chunk) bool {
					if from, to := c.SourceAddr().String(), c.DestinationAddr().String(); strings.HasPrefix(from, clientAddr+":") {
						mu.Lock()
						sent[to]++
						mu.Unlock()
					}
					return true
				})
				answer := changed(t, w.create(1), func(transport map[string]any) { transport["candidates"] = nobody(offered) })
				begin := time.Now()
				is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout)
				if took := time.Since(begin); took != 10*time.Second {
					t.Errorf("it took %v, expected 10s", took)
				}
				mu.Lock()
				defer mu.Unlock()
				sum := 0
				for _, n := range sent {
					sum += n
				}
				if len(sent) != 32 || sum >= 200 || sum < len(sent) {
					t.Errorf("of %d addresses %d were sent to, %d datagrams in all, expected 32 and fewer than 200", offered, len(sent), sum)
				}
			})
		})
	}
}

// refused are what makes an answer one that Connect refuses.
var refused = map[string]func(transport map[string]any){
	"no fingerprint":           func(transport map[string]any) { delete(transport, "fingerprints") },
	"an unknown hash":          func(transport map[string]any) { fingerprint(transport)["hash"] = "md5" },
	"a digest that is short":   func(transport map[string]any) { fingerprint(transport)["fingerprint"] = "AA:BB" },
	"no address":               func(transport map[string]any) { transport["candidates"] = []any{} },
	"a name for an address":    func(transport map[string]any) { candidate(transport)["ip"] = "x.local" },
	"a port that is none":      func(transport map[string]any) { candidate(transport)["port"] = "70000" },
	"a password that is short": func(transport map[string]any) { transport["pwd"] = "0123" },
}

func fingerprint(transport map[string]any) map[string]any {
	return transport["fingerprints"].([]any)[0].(map[string]any)
}

func candidate(transport map[string]any) map[string]any {
	return transport["candidates"].([]any)[0].(map[string]any)
}

func TestAnAnswerThatIsRefusedOpensNoSocket(t *testing.T) {
	var opened atomic.Int64
	ground{net: func(n transport.Net) transport.Net { return netTap{Net: n, opened: func() { opened.Add(1) }} }}.run(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		for what, spoil := range refused {
			err := w.client.Connect(1, changed(t, answer, spoil))
			is(t, err, gotgcall.ErrInvalidParams)
			if n := opened.Load(); n != 0 {
				t.Fatalf("%s: %d sockets were opened for an answer that is refused: %v", what, n, err)
			}
		}
		w.expectStates()
		must(t, w.client.Connect(1, answer))
		if n := opened.Load(); n != 1 {
			t.Errorf("%d sockets were opened for the right answer, expected one", n)
		}
	})
}
