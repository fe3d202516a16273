package gotgcall_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"

	"gotgcall"
	"gotgcall/sfutest"
)

// narrowLine lets so many bits a second through, towards each side. What comes faster waits, up to a second of it.
type narrowLine struct {
	bits   int
	queues []*vnet.Queue
}

func (l *narrowLine) before(nic vnet.NIC) vnet.NIC {
	const burst = 3000 // bytes: two datagrams
	q, err := vnet.NewQueue(nic, vnet.NewTBFQueue(l.bits, burst, int64(l.bits/8)))
	if err != nil {
		panic(err)
	}
	l.queues = append(l.queues, q)
	return q
}

func (l *narrowLine) close() {
	for _, q := range l.queues {
		_ = q.Close()
	}
}

// departures are when packets of sound left.
type departures struct {
	mu sync.Mutex
	at []time.Time
}

func (d *departures) write(b []byte) bool {
	if isSound(b) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.at = append(d.at, time.Now())
	}
	return true
}

// burst returns how many packets left within one packet's time, at most.
func (d *departures) burst() (most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, from := range d.at {
		n := 0
		for ; i+n < len(d.at) && d.at[i+n].Sub(from) < 20*time.Millisecond; n++ {
		}
		most = max(most, n)
	}
	return most
}

func TestACallLivesOnAVeryBadNetwork(t *testing.T) {
	t.Parallel()
	const (
		seconds = 30
		delay   = 100 * time.Millisecond // each way
	)
	for seed, loss := range []float64{0.05, 0.2, 0.3} {
		t.Run(fmt.Sprintf("%.0f %%", loss*100), func(t *testing.T) {
			line, left := &narrowLine{bits: 1_000_000}, &departures{}
			ground{
				line: line.before,
				net:  func(n transport.Net) transport.Net { return netTap{Net: n, write: left.write} },
				server: []sfutest.Option{
					sfutest.WithLoss(loss), sfutest.WithDelay(delay), sfutest.WithReorder(0.1, 50*time.Millisecond), sfutest.WithDuplicate(0.01),
					sfutest.WithSeed(uint64(seed)), //nolint:gosec // a small number
				},
			}.run(t, func(t *testing.T, w *world) {
				defer line.close()
				ep := w.join(1)
				must(t, w.client.SetStreamSources(1, film{sound: seconds * 50, picture: seconds * 30, keySize: 10_000}))
				time.Sleep((seconds - 1) * time.Second)
				w.expectStates(gotgcall.Connecting, gotgcall.Connected)
				if ends := w.log.ended(); len(ends) != 0 {
					t.Errorf("the film has ended in its middle: %v", ends)
				}
				time.Sleep(5 * time.Second)
				w.expectEnds(videoEnd, audioEnd)
				s := ep.Stats(ep.AudioSSRC())
				if sent := seconds * 50; len(left.at) != sent || s.Packets < int64(float64(sent)*(1-loss-0.04)) {
					t.Errorf("of %d packets %d left and %d arrived, expected %.0f %%", sent, len(left.at), s.Packets, (1-loss)*100)
				}
				if s.Lost > s.Injected {
					t.Errorf("%d packets did not arrive, of which the network has lost %d", s.Lost, s.Injected)
				}
				if n := left.burst(); n != 1 {
					t.Errorf("%d packets left at once", n)
				}
				w.noViolations()
			})
		})
	}
}

// joins are how long calls took to be connected, in ascending order.
type joins []time.Duration

// quantile returns what so many percent of the joins took at most.
func (j joins) quantile(percent int) time.Duration {
	return j[(len(j)*percent+99)/100-1].Round(time.Millisecond)
}

func (j joins) String() string {
	return fmt.Sprintf("%v (p50), %v (p90), %v (p99), %v at most", j.quantile(50), j.quantile(90), j.quantile(99), j.quantile(100))
}

// joinAt makes so many calls, each over a network of its own that loses this share of the packets and has this round trip, and returns how long it took
// until Connect had returned, and until the server could take the media, too.
func joinAt(t *testing.T, loss float64, roundTrip time.Duration, runs int) (connected, heard joins) {
	t.Helper()
	options := []gotgcall.Option{gotgcall.WithLogger(slog.New(slog.DiscardHandler)), gotgcall.WithConnectTimeout(time.Minute)}
	for seed := range uint64(runs) {
		server := []sfutest.Option{
			sfutest.WithLoss(loss), sfutest.WithSeed(seed), sfutest.WithDelay(roundTrip / 2), sfutest.WithJoinTimeout(10 * time.Minute),
		}
		ground{options: options, server: server}.runNow(t, func(t *testing.T, w *world) {
			answer := w.create(1)
			begin := time.Now()
			must(t, w.client.Connect(1, answer))
			connected = append(connected, time.Since(begin))
			must(t, w.server.Endpoint(1).WaitConnected(context.Background()))
			heard = append(heard, time.Since(begin))
		})
	}
	slices.Sort(connected)
	slices.Sort(heard)
	return connected, heard
}

func TestACallIsConnectedSoonAlthoughManyPacketsAreLost(t *testing.T) {
	t.Parallel()
	runs, roundTrips := 200, []time.Duration{40 * time.Millisecond, 100 * time.Millisecond}
	if underRace {
		runs, roundTrips = 40, roundTrips[:1]
	}
	for _, roundTrip := range roundTrips {
		for loss, limit := range map[float64]time.Duration{0.2: time.Second, 0.3: 2 * time.Second} {
			t.Run(fmt.Sprintf("%.0f %%, a round trip of %v", loss*100, roundTrip), func(t *testing.T) {
				t.Parallel()
				connected, heard := joinAt(t, loss, roundTrip, runs)
				t.Logf("%d joins, %.0f %% loss, round trip %v: Connect took %v; the server was ready after %v", runs, loss*100, roundTrip, connected, heard)
				if p90 := connected.quantile(90); p90 >= limit {
					t.Errorf("p90 is %v, expected less than %v", p90, limit)
				}
			})
		}
	}
}
