package gotgcall_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// checks counts the STUN requests that go to the server, and remembers when the first datagram came.
type checks struct {
	requests atomic.Int64
	first    atomic.Pointer[time.Time]
}

// lose counts, and loses everything if dark.
func (c *checks) lose(dark bool) sfutest.Option {
	return sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
		if d == sfutest.ToServer {
			now := time.Now()
			c.first.CompareAndSwap(nil, &now)
			if len(b) >= 20 && b[0] == 0 && b[1] == 1 { // a Binding request (RFC 8489 section 5)
				c.requests.Add(1)
			}
		}
		return dark
	})
}

func TestICETimeoutsSayWhenAConnectionIsDisconnectedAndWhenItHasFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options              []gotgcall.Option
		disconnected, failed time.Duration // after the blackout
		perMinute            int64         // checks
	}{
		"by default": {nil, 2 * time.Second, 25 * time.Second, 120},
		"as set":     {[]gotgcall.Option{gotgcall.WithICETimeouts(8*time.Second, 40*time.Second, 2*time.Second)}, 8 * time.Second, 48 * time.Second, 30},
	} {
		t.Run(name, func(t *testing.T) {
			var counted checks
			inFakeTimeWith(t, c.options, func(t *testing.T, w *world) {
				var mu sync.Mutex
				at := map[gotgcall.ConnState]time.Time{}
				w.client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
					mu.Lock()
					defer mu.Unlock()
					at[info.State] = time.Now()
				})
				ep := w.join(1)
				before := counted.requests.Load()
				time.Sleep(time.Minute)
				if n := counted.requests.Load() - before; n < c.perMinute-5 || n > c.perMinute+5 {
					t.Errorf("%d checks were made in a minute, expected %d", n, c.perMinute)
				}
				dark := time.Now()
				ep.Blackout(true)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				for state, want := range map[gotgcall.ConnState]time.Duration{gotgcall.Disconnected: c.disconnected, gotgcall.Failed: c.failed} {
					// silence begins with the last packet before the blackout, and is looked at with each check
					if got := at[state].Sub(dark); got < want-3*time.Second || got > want+3*time.Second {
						t.Errorf("%s after %s, expected %s", state, got, want)
					}
				}
			}, counted.lose(false))
		})
	}
}

func TestShortICETimeoutsLeaveTimeForTheOtherRole(t *testing.T) {
	short := gotgcall.WithICETimeouts(500*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond)
	inFakeTimeWith(t, []gotgcall.Option{short}, func(t *testing.T, w *world) {
		w.join(1)
		if !w.stats(1).Link.Controlling {
			t.Error("a server that does not nominate was connected to in the controlled role")
		}
	}, sfutest.WithICEMode(sfutest.ICELite))
}

func TestTheRoleOfAServerThatControlsIsLeftToIt(t *testing.T) {
	t.Parallel()
	// It checks, and hears no answer for so long. It repeats its checks after 1.5, 3.1 and 4.7 s, and begins anew on another socket after 5.1 s.
	for deaf, want := range map[time.Duration]time.Duration{3 * time.Second: 3100 * time.Millisecond, 5 * time.Second: 5 * time.Second} {
		t.Run(deaf.String(), func(t *testing.T) {
			var begin time.Time
			inFakeTime(t, func(t *testing.T, w *world) {
				begin = time.Now()
				w.join(1)
				if took := time.Since(begin); w.stats(1).Link.Controlling || (took-want).Abs() > 200*time.Millisecond {
					t.Errorf("deaf for %v: connected after %v, controlling: %v; expected %v in the controlled role", deaf, took, w.stats(1).Link.Controlling, want)
				}
			}, sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
				return d == sfutest.ToServer && time.Since(begin) < deaf && isSTUNAnswer(b)
			}))
		})
	}
}

func TestICEMaxBindingRequestsBoundsTheChecksOfEachAttempt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options     []gotgcall.Option
		least, most int64
	}{
		{nil, 45, 55},
		// One attempt in one role, one in the other, and one for the rest in the first again.
		{[]gotgcall.Option{gotgcall.WithICEMaxBindingRequests(1)}, 3, 3},
		{[]gotgcall.Option{gotgcall.WithICEMaxBindingRequests(4)}, 12, 12},
	} {
		t.Run(fmt.Sprint(c.most), func(t *testing.T) {
			var counted checks
			inFakeTimeWith(t, c.options, func(t *testing.T, w *world) {
				is(t, w.client.Connect(1, w.create(1)), gotgcall.ErrConnectionTimeout)
				if n := counted.requests.Load(); n < c.least || n > c.most {
					t.Errorf("%d checks were made, expected %d to %d", n, c.least, c.most)
				}
			}, counted.lose(true))
		})
	}
}

func TestICEPreConnectDelayIsBetweenConnectAndTheFirstPacket(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Second
	for name, c := range map[string]struct {
		dark bool
		do   func(t *testing.T, w *world, counted *checks)
	}{
		"and nothing else": {false, func(t *testing.T, w *world, counted *checks) {
			begin := time.Now()
			w.join(1)
			if got := counted.first.Load().Sub(begin); got < delay || got > delay+time.Second {
				t.Errorf("the first packet came after %s, expected %s", got, delay)
			}
		}},
		"a context that ends first": {false, func(t *testing.T, w *world, _ *checks) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			err := w.client.ConnectContext(ctx, 1, w.create(1))
			is(t, err, gotgcall.ErrConnectionTimeout)
			if took := time.Since(begin); took != time.Second || !strings.Contains(err.Error(), "WithICEPreConnectDelay(3s)") {
				t.Errorf("after %s the error is %v", took, err)
			}
		}},
		"Stop in the middle": {false, func(t *testing.T, w *world, _ *checks) {
			answer := w.create(1)
			time.AfterFunc(time.Second, func() { must(t, w.client.Stop(1)) })
			begin := time.Now()
			is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionNotFound)
			if took := time.Since(begin); took != time.Second {
				t.Errorf("Connect returned after %s", took)
			}
		}},
		"the connect timeout includes it, and it is there once": {true, func(t *testing.T, w *world, counted *checks) {
			begin := time.Now()
			is(t, w.client.Connect(1, w.create(1)), gotgcall.ErrConnectionTimeout)
			if took := time.Since(begin); took != 10*time.Second {
				t.Errorf("Connect took %s", took)
			}
			if n := counted.requests.Load(); n < 30 {
				t.Errorf("%d checks were made in the 7 s after the delay", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var counted checks
			inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithICEPreConnectDelay(delay)}, func(t *testing.T, w *world) {
				c.do(t, w, &counted)
			}, counted.lose(c.dark))
		})
	}
}

func TestNetworkTypesDecideWhichAddressesAreTried(t *testing.T) {
	const udp4, udp6, tcp4 = gotgcall.NetworkTypeUDP4, gotgcall.NetworkTypeUDP6, gotgcall.NetworkTypeTCP4
	both := []string{"[::1]:0", "127.0.0.1:0"}
	for name, c := range map[string]struct {
		types  []gotgcall.NetworkType
		listen []string
		want   error  // nil: connected over IPv4
		says   string // the error
	}{
		"IPv4 of two":              {[]gotgcall.NetworkType{udp4}, both, nil, ""},
		"TCP beside it":            {[]gotgcall.NetworkType{tcp4, udp4}, both, nil, ""},
		"both, of one":             {[]gotgcall.NetworkType{udp4, udp6}, both[1:], nil, ""},
		"IPv6 of two":              {[]gotgcall.NetworkType{udp6}, both, gotgcall.ErrConnectionTimeout, "(server addresses: [::1]"}, // pion has no socket on ::1
		"IPv6 where there is none": {[]gotgcall.NetworkType{udp6}, both[1:], gotgcall.ErrConnectionFailed, "WithNetworkTypes(udp6) allows: it offers 127.0.0.1"},
		"IPv4 where there is none": {[]gotgcall.NetworkType{udp4}, both[:1], gotgcall.ErrConnectionFailed, "WithNetworkTypes(udp4) allows: it offers [::1]"},
	} {
		t.Run(name, func(t *testing.T) {
			var counted checks
			server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()), sfutest.WithListenAddr(c.listen...), counted.lose(false))
			must(t, err)
			defer server.Close()
			options := []gotgcall.Option{gotgcall.WithoutFFmpeg(), gotgcall.WithLoopback(), gotgcall.WithNetworkTypes(c.types...)}
			if c.want != nil {
				options = append(options, gotgcall.WithConnectTimeout(500*time.Millisecond))
			}
			client, err := gotgcall.New(options...)
			must(t, err)
			defer client.Close()
			params, err := client.CreateCall(1)
			must(t, err)
			answer, err := server.Join(1, params)
			must(t, err)
			err = client.Connect(1, answer)
			if c.want != nil {
				is(t, err, c.want)
				if n := counted.requests.Load(); n != 0 || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "127.0.0.1") != strings.Contains(c.says, "127.0.0.1") {
					t.Errorf("%d checks went to what may not be used. The error is «%v», expected one that says «%s»", n, err, c.says)
				}
				return
			}
			must(t, err)
			stats, err := client.Stats(1)
			must(t, err)
			if host, _, _ := net.SplitHostPort(stats.Link.Remote); host != "127.0.0.1" {
				t.Errorf("connected to %s", stats.Link.Remote)
			}
		})
	}
}
