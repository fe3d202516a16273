package sfutest

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// impairment is the bad network between the sockets and the endpoints: it loses, delays, reorders and repeats datagrams, in both
// directions.
type impairment struct {
	// Set at construction.
	cfg    networkConfig
	arrive func(p path, b []byte, at moment)
	lost   func(p path, b []byte, now time.Time)
	wake   chan struct{}

	mu    sync.Mutex // guards what follows
	rng   [2]*rand.Rand
	queue delayQueue
	count uint64 // of delayed datagrams: those with the same due time keep their order
}

// moment is how and when a datagram of a client arrives.
type moment struct {
	now      time.Time
	read     time.Time // when it came out of the socket
	repeated bool      // the impairment made it of another one
}

// delayed is a datagram on its way; at.now is when it is due.
type delayed struct {
	at    moment
	order uint64
	dir   Direction
	path  path
	b     []byte
}

func newImpairment(
	cfg networkConfig, seed uint64, arrive func(path, []byte, moment), lost func(path, []byte, time.Time),
) *impairment {
	return &impairment{
		cfg: cfg, arrive: arrive, lost: lost, wake: make(chan struct{}, 1),
		rng: [2]*rand.Rand{
			rand.New(rand.NewPCG(seed, uint64(ToServer))), // repeatable on purpose
			rand.New(rand.NewPCG(seed, uint64(ToClient))), // the same
		},
	}
}

// in passes a datagram of a client to the server. The slice is the caller's again when it returns.
func (i *impairment) in(p path, b []byte, now time.Time) { i.pass(ToServer, p, b, now) }

// out passes a datagram of the server to a client.
func (i *impairment) out(o outgoing) { i.pass(ToClient, o.path, o.b, time.Now()) }

func (i *impairment) pass(dir Direction, p path, b []byte, now time.Time) {
	if i.cfg.drop != nil && i.cfg.drop(dir, b) {
		i.lose(dir, p, b, now)
		return
	}
	copies, delays := i.fate(dir)
	if copies == 0 {
		i.lose(dir, p, b, now)
	}
	for n := range copies {
		at := moment{now.Add(delays[n]), now, n > 0}
		if delays[n] == 0 {
			i.deliver(dir, p, b, at)
		} else {
			i.push(delayed{at: at, dir: dir, path: p, b: slices.Clone(b)})
		}
	}
}

// fate draws what happens to a datagram: how many copies of it arrive, and after which delays.
func (i *impairment) fate(dir Direction) (copies int, delays [2]time.Duration) {
	c := &i.cfg
	if c.loss == 0 && c.delay == 0 && c.reorder == 0 && c.duplicate == 0 {
		return 1, delays
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	rng := i.rng[dir]
	// Every datagram draws the same three numbers, so that its fate does not depend on what else is switched on.
	lost, repeated, late := rng.Float64() < c.loss, rng.Float64() < c.duplicate, rng.Float64() < c.reorder
	if lost {
		return 0, delays
	}
	copies = 1
	if repeated {
		copies = 2
	}
	delays = [2]time.Duration{c.delay, c.delay}
	if late {
		delays[copies-1] += c.reorderDelay // the copy is never ahead of the original
	}
	return copies, delays
}

func (i *impairment) lose(dir Direction, p path, b []byte, now time.Time) {
	if dir == ToServer {
		i.lost(p, b, now)
	}
}

func (i *impairment) deliver(dir Direction, p path, b []byte, at moment) {
	if dir == ToServer {
		i.arrive(p, b, at)
	} else {
		p.sock.write(p.peer, b)
	}
}

func (i *impairment) push(d delayed) {
	i.mu.Lock()
	d.order = i.count
	i.count++
	heap.Push(&i.queue, d)
	i.mu.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// run delivers delayed datagrams until the context ends; those that are still under way then are lost.
func (i *impairment) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		d, ok, wait := i.pop(time.Now())
		if ok {
			i.deliver(d.dir, d.path, d.b, d.at)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-i.wake:
		case <-timer.C:
		}
	}
}

// pop returns the datagram that is due, or how long to wait for one.
func (i *impairment) pop(now time.Time) (d delayed, ok bool, wait time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.queue) == 0 {
		return d, false, time.Hour // push wakes
	}
	if wait = i.queue[0].at.now.Sub(now); wait > 0 {
		return d, false, wait
	}
	d, _ = heap.Pop(&i.queue).(delayed)
	return d, true, 0
}

// delayQueue is a heap of datagrams, the one due first on top.
type delayQueue []delayed

func (q delayQueue) Len() int { return len(q) }
func (q delayQueue) Less(a, b int) bool {
	if c := q[a].at.now.Compare(q[b].at.now); c != 0 {
		return c < 0
	}
	return q[a].order < q[b].order
}
func (q delayQueue) Swap(a, b int) { q[a], q[b] = q[b], q[a] }

// Push implements heap.Interface.
func (q *delayQueue) Push(x any) { *q = append(*q, x.(delayed)) } // heap.Push above is the only caller

// Pop implements heap.Interface.
func (q *delayQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = delayed{}
	*q = old[:len(old)-1]
	return last
}
