package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// staying is a fault that is there to stay. It returns the server at which the chat can be joined again.
type staying func(c *call, server *sfutest.Server, ep *sfutest.Endpoint) *sfutest.Server

var stayingFaults = map[string]staying{
	"a blackout": func(c *call, server *sfutest.Server, _ *sfutest.Endpoint) *sfutest.Server {
		c.wrong = c.wire.blackout()
		return server
	},
	"the server starts anew": func(c *call, server *sfutest.Server, _ *sfutest.Endpoint) *sfutest.Server {
		must(c.t, server.Close())
		return c.wire.serve(serverPort)
	},
	"the server starts anew at another port": func(c *call, server *sfutest.Server, _ *sfutest.Endpoint) *sfutest.Server {
		must(c.t, server.Close())
		return c.wire.serve(serverPort + 1)
	},
	"the server gives no consent any more": func(_ *call, server *sfutest.Server, ep *sfutest.Endpoint) *sfutest.Server {
		ep.StopConsent() // and goes on to report what it hears
		return server
	},
	"the machine has another address": func(c *call, server *sfutest.Server, _ *sfutest.Endpoint) *sfutest.Server {
		c.wire.renumber(c.wire.bot.Next().Next())
		return server
	},
}

// maxIdle is which part of a processor all the calls together, and their servers, may use while they wait for what does not come.
const maxIdle = 0.5

// TestFaultsThatStayAreOneFailureAndOneEndOfEachTrack has all faults at once, each on a wire of its own.
func TestFaultsThatStayAreOneFailureAndOneEndOfEachTrack(t *testing.T) {
	required(t)
	leak.Check(t)
	var options []gotgcall.Option
	if !full() {
		options = append(options, gotgcall.WithICETimeouts(time.Second, 2*time.Second, 200*time.Millisecond))
	}
	type patient struct {
		name   string
		call   *call
		server *sfutest.Server
		ep     *sfutest.Endpoint
	}
	var patients []*patient
	for name := range stayingFaults {
		w := newWire(t)
		p := &patient{name: name, call: newCall(t, w, options...), server: w.serve(serverPort)}
		p.ep = p.call.join(p.server)
		must(t, p.call.client.SetStreamSources(chat, film{40 * time.Second, 500}))
		patients = append(patients, p)
	}
	for _, p := range patients {
		p.call.heard(p.ep, perSecond/2)
	}
	meter, begin := newMeter(), time.Now()
	for _, p := range patients {
		p.server = stayingFaults[p.name](p.call, p.server, p.ep)
	}
	for _, p := range patients {
		p.call.reaches(gotgcall.Failed)
		t.Logf("%s: Failed after %s", p.name, p.call.when(gotgcall.Failed).Sub(begin).Round(time.Millisecond))
	}
	if share := meter.share(); share > maxIdle {
		t.Errorf("the process used %.0f %% of a processor while it waited, expected less than %.0f %%", share*100, maxIdle*100)
	} else {
		t.Logf("the process used %.1f %% of a processor", share*100)
	}
	if full() {
		time.Sleep(time.Until(begin.Add(time.Minute)))
	}
	for _, p := range patients {
		p.call.expectOneFailure(p.name)
		if p.call.wrong != nil {
			p.call.wrong.lift()
		}
		p.ep = p.call.join(p.server) // CreateCall takes the dead call's place
		must(t, p.call.client.SetStreamSources(chat, song{time.Minute}))
	}
	for _, p := range patients {
		p.call.heard(p.ep, perSecond/2)
		if n := p.ep.Stats(p.ep.AudioSSRC()).Lost; n > 0 {
			t.Errorf("%s: %d packets were lost after joining again", p.name, n)
		}
		if h := p.call.history(); !slices.Equal(h[len(h)-2:], []gotgcall.ConnState{gotgcall.Connecting, gotgcall.Connected}) {
			t.Errorf("%s: the states were %v", p.name, h)
		}
	}
}

// expectOneFailure fails unless the call has failed once, being Disconnected at most once before, and each track of its film has ended once.
func (c *call) expectOneFailure(name string) {
	c.t.Helper()
	states := slices.DeleteFunc(c.history(), func(s gotgcall.ConnState) bool { return s == gotgcall.Disconnected })
	if !slices.Equal(states, []gotgcall.ConnState{gotgcall.Connecting, gotgcall.Connected, gotgcall.Failed}) || len(c.history()) > len(states)+1 {
		c.t.Errorf("%s: the states were %v", name, c.history())
	}
	ends := c.ended()
	if len(ends) != 2 || !strings.HasPrefix(ends[0], "video: ") || !strings.HasPrefix(ends[1], "audio: ") {
		c.t.Errorf("%s: the ends were %q, expected one of the picture and one of the sound", name, ends)
	}
	for _, end := range ends {
		if !strings.Contains(end, gotgcall.ErrConnectionFailed.Error()) {
			c.t.Errorf("%s: an end says %q, expected %q", name, end, gotgcall.ErrConnectionFailed)
		}
	}
}
