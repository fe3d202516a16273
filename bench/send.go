package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"sync"
	"time"

	"gotgcall/internal/usage"
)

// fleet is a number of calls.
type fleet interface {
	// join connects a chat; it may be called for several chats at once.
	join(ctx context.Context, chat int64) error
	// play begins to send.
	play(ctx context.Context, chat int64) error
	close()
}

const (
	joinsAtOnce = 16
	settle      = 2 * time.Second // between the beginning of the last call and the measurement, or as long as that if it is shorter
	callTimeout = time.Minute     // of a join, and of a source's beginning
)

// receiver is the other process, as the sender sees it.
type receiver struct{ *rpc.Client }

// Join does what phone.joinGroupCall does.
func (r *receiver) Join(chat int64, payload string) (answer string, err error) {
	err = r.Call("Receiver.Join", JoinArgs{chat, payload}, &answer)
	return answer, err
}

func (r *receiver) cpu() (used time.Duration, err error) {
	err = r.Call("Receiver.CPU", 0, &used)
	return used, err
}

// send is the sender's process: it reads its row from standard input and writes the result to standard output.
func send(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	var r row
	if err := json.NewDecoder(stdin).Decode(&r); err != nil {
		return fmt.Errorf("this part of the program is started by the other one: %w", err)
	}
	if r.Profile != "" {
		runtime.MemProfileRate = 64 << 10 // bytes: fine enough for the packets of some seconds
	}
	client, err := rpc.Dial("tcp", r.Receiver)
	if err != nil {
		return err
	}
	defer client.Close()
	res, err := sendRow(ctx, r, &receiver{client})
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(res)
}

// sendRow makes the calls, measures them and ends them.
func sendRow(ctx context.Context, r row, to *receiver) (result, error) {
	res := result{Row: r}
	f, err := kinds[r.What].open(r, to)
	if err != nil {
		return res, err
	}
	defer f.close()
	before := holdings()
	began, err := begin(ctx, f, &res)
	if err != nil {
		return res, err
	}
	if err := sleep(ctx, min(settle, r.Length)); err != nil {
		return res, err
	}
	w, err := watch(ctx, to, &res)
	if err := errors.Join(err, allocProfile(r, "allocs")); err != nil {
		return res, err
	}
	var arrived Report
	if err := to.Call("Receiver.Report", w, &arrived); err != nil {
		return res, err
	}
	if arrived.Packets == 0 {
		return res, errors.New("nothing arrived")
	}
	res.Packets, res.Lost, res.Gaps, res.Drift = arrived.Packets, arrived.Lost, arrived.Gaps, arrived.Drift
	for chat, at := range arrived.First {
		res.Firsts = append(res.Firsts, at.Sub(began[chat]))
	}
	after := holdings()
	res.Heap, res.RSS = after.heap-before.heap, after.rss-before.rss
	res.Goroutines, res.Descriptors = after.goroutines-before.goroutines, after.descriptors-before.descriptors
	return res, nil
}

// begin connects all calls and starts their sources; it returns when each was given its own.
func begin(ctx context.Context, f fleet, res *result) (map[int64]time.Time, error) {
	began := map[int64]time.Time{}
	var mu sync.Mutex // guards began, res.Joins and errs
	var errs []error
	var workers sync.WaitGroup
	chats := make(chan int64)
	for range min(joinsAtOnce, res.Row.Calls) {
		workers.Go(func() {
			for chat := range chats {
				start := time.Now()
				joined, err := beginOne(ctx, f, chat)
				mu.Lock()
				res.Joins = append(res.Joins, joined.Sub(start))
				began[chat] = joined
				if err != nil {
					errs = append(errs, err)
				}
				mu.Unlock()
			}
		})
	}
	for chat := range res.Row.Calls {
		chats <- int64(chat + 1)
	}
	close(chats)
	workers.Wait()
	return began, errors.Join(errs...)
}

// beginOne connects a call and starts its source.
func beginOne(ctx context.Context, f fleet, chat int64) (joined time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = f.join(ctx, chat)
	if joined = time.Now(); err == nil {
		err = f.play(ctx, chat)
	}
	return joined, err
}

// watch lets the calls run for the time that is measured.
func watch(ctx context.Context, to *receiver, res *result) (w Window, err error) {
	stop, err := cpuProfile(res.Row)
	if err != nil {
		return w, err
	}
	defer stop()
	var a, b spending
	err = errors.Join(a.surroundings(to), a.self(), sleep(ctx, res.Row.Length), b.self(), b.surroundings(to))
	if err != nil {
		return w, err
	}
	res.Wall, res.CPU, res.ReceiverCPU, res.ChildrenCPU = b.at.Sub(a.at), b.own-a.own, b.receiver-a.receiver, b.children-a.children
	res.Busy, res.Allocs, res.Children = b.machine.Since(a.machine), b.allocs-a.allocs, b.processes
	return Window{Begin: a.at, End: b.at}, nil
}

// spending is how much was used up to a moment.
type spending struct {
	at                      time.Time
	own, children, receiver time.Duration
	machine                 usage.MachineTime
	processes               int // children
	allocs                  uint64
}

// surroundings reads what others have used, which costs something itself.
func (s *spending) surroundings(to *receiver) (err error) {
	s.children, s.processes = usage.ChildrenTime()
	s.machine = usage.ReadMachineTime()
	s.receiver, err = to.cpu()
	return err
}

// self reads what this process has used.
func (s *spending) self() (err error) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(sample)
	s.allocs, s.at = sample[0].Value.Uint64(), time.Now()
	s.own, err = usage.CPUTime()
	return err
}

// holding is what the process has at a moment.
type holding struct {
	heap, rss               int64
	goroutines, descriptors int
}

func holdings() holding {
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return holding{heap: int64(m.HeapAlloc), rss: usage.ResidentBytes(), goroutines: runtime.NumGoroutine(), descriptors: usage.OpenDescriptors()} //nolint:gosec // far below 2^63
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func cpuProfile(r row) (stop func(), err error) {
	if r.Profile == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(r.Profile, 0o750); err != nil {
		return nil, err
	}
	f, err := os.Create(fmt.Sprintf("%s/%s-%d.cpu", r.Profile, r.What, r.Calls))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	if err := allocProfile(r, "base"); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// allocProfile writes the allocations so far.
func allocProfile(r row, name string) error {
	if r.Profile == "" {
		return nil
	}
	runtime.GC() // a profile has what the last two collections have seen
	f, err := os.Create(fmt.Sprintf("%s/%s-%d.%s", r.Profile, r.What, r.Calls, name))
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
