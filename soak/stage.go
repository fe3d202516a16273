//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall"
	"gotgcall/internal/usage"
	"gotgcall/sfutest"
)

// fakes is how many of the calls have the fake ffmpeg.
func (s settings) fakes() int { return s.calls / 4 }

const (
	// maxProcesses bounds the real ffmpegs: what is refused by that is a part of the walk.
	maxProcesses = 16
	// maxDrivers is how many drive a call.
	maxDrivers = 3
	// oneStays: of so many calls one is never stopped before the end, unless it fails.
	oneStays = 8
	// rehearsal is the part of the walk after which everything rests for the first time: what it needs once is there then.
	rehearsal = 5
	// looks is how often in a part of the walk it is measured what the process holds.
	looks = 30
)

// stage is what the calls walk on.
type stage struct {
	settings settings
	books    *books
	shelf    *shelf
	start    time.Time
	clients  []*gotgcall.Client // with the real ffmpeg, and with the fake
	beacons  []*beacon          // theirs
	walkers  []atomic.Pointer[walker]
}

// soak walks, and says how it was: first a part of the way, then everything rests, and then the rest of the way. What is left behind in between and at the end
// is compared: that everything needs once is there the first time already.
func soak(ctx context.Context, s settings, folder string, out io.Writer) error {
	b := &books{out: out, begun: time.Now(), refused: map[string]int{}}
	usage.OpenDescriptors() // the runtime's own are there before the first sample
	begin := b.sample(0, 0)
	st, err := newStage(s, folder, b)
	if err != nil {
		return err
	}
	b.table()
	b.show(begin)
	ctx, cancel := context.WithTimeout(ctx, s.length)
	defer cancel()
	part, done := context.WithTimeout(ctx, s.length/rehearsal)
	st.walk(part, s.length/rehearsal, 0)
	done()
	first := st.rest(untilCalm())
	samples := st.walk(ctx, s.length-s.length/rehearsal, 1)
	last := st.rest(func(s sample) bool { return len(first.keptBy(s)) == 0 })
	b.bounded("Close", walkLimit, func() {
		if err := errors.Join(closeAll(st.clients)...); err != nil {
			b.violation("Close: %v", err)
		}
	})
	end := st.settled(func(s sample) bool { return len(begin.leftBehind(s)) == 0 })
	b.show(end)
	for _, v := range slices.Concat(begin.leftBehind(end), first.keptBy(last), grownInWalk(samples)) {
		b.violation("%s", v)
	}
	return b.verdict()
}

func newStage(s settings, folder string, b *books) (*stage, error) {
	shelf, err := newShelf(folder, s.song)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	pretender := filepath.Join(folder, "ffmpeg")
	if err := os.Symlink(self, pretender); err != nil {
		return nil, err
	}
	st := &stage{settings: s, books: b, shelf: shelf, start: time.Now(), walkers: make([]atomic.Pointer[walker], s.calls)}
	for _, o := range []gotgcall.Option{gotgcall.WithMaxProcesses(maxProcesses), gotgcall.WithFFmpegPath(pretender)} {
		c, err := gotgcall.New(o, gotgcall.WithLoopback(), gotgcall.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			return nil, errors.Join(err, errors.Join(closeAll(st.clients)...))
		}
		lit := &beacon{client: c}
		st.clients, st.beacons = append(st.clients, c), append(st.beacons, lit)
		if _, err := c.CreateCall(beaconChat); err != nil {
			return nil, err
		}
		c.OnUpgrade(func(chat int64, _ gotgcall.MediaState) {
			if chat == beaconChat {
				lit.told.Add(1)
			}
		})
		c.OnStreamEnd(func(chat int64, t gotgcall.StreamType, _ gotgcall.Device, err error) {
			st.walkers[chat].Load().tell(t, err)
		})
	}
	return st, nil
}

func closeAll(clients []*gotgcall.Client) (errs []error) {
	for _, c := range clients {
		errs = append(errs, c.Close())
	}
	return errs
}

// walk lets the calls walk for a while, with a server of their own, and returns what was measured meanwhile.
func (st *stage) walk(ctx context.Context, length time.Duration, part uint64) (samples []sample) {
	s, b := st.settings, st.books
	server, err := sfutest.NewServer(sfutest.WithLoss(s.loss), sfutest.WithSeed(s.seed), sfutest.WithTolerances(sfutest.Patient()), sfutest.WithRecordLimit(0))
	if err != nil {
		b.violation("the server: %v", err)
		return nil
	}
	var all sync.WaitGroup
	for chat := range s.calls {
		w := st.walker(int64(chat), part, server)
		st.walkers[chat].Store(w)
		all.Go(func() { w.walk(ctx) })
	}
	all.Go(func() { chaos(ctx, rand.New(rand.NewPCG(s.seed, part))) })
	tick := time.NewTicker(max(length/looks, time.Millisecond))
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			samples = append(samples, b.sample(time.Since(st.start), s.calls))
			if len(samples)%(looks/6) == 0 {
				b.show(samples[len(samples)-1])
			}
		}
	}
	tick.Stop()
	b.bounded("the end of the walk", walkLimit, func() {
		all.Wait()
		if err := server.Close(); err != nil {
			b.violation("the server: %v", err)
		}
	})
	for _, v := range server.Violations() {
		b.violation("the server: %s", v)
	}
	return samples
}

// walker makes the one of a chat.
func (st *stage) walker(chat int64, part uint64, server *sfutest.Server) *walker {
	fake := int(chat) < st.settings.fakes()
	w := &walker{
		chat: chat, client: st.clients[0], beacon: st.beacons[0], server: server, shelf: st.shelf, books: st.books, fake: fake, stays: chat%oneStays == 0,
	}
	if fake {
		w.client, w.beacon = st.clients[1], st.beacons[1]
	}
	for i := range maxDrivers {
		w.drivers = append(w.drivers, rand.New(rand.NewPCG(st.settings.seed, part<<48|uint64(chat+1)<<8|uint64(i)))) //nolint:gosec // chat is a small number
	}
	return w
}

// rest forgets the calls, all of which are stopped, and measures what there is when nothing more goes away: when done says so.
func (st *stage) rest(done func(sample) bool) sample {
	for i := range st.walkers {
		st.walkers[i].Store(nil)
	}
	s := st.settled(done)
	st.books.show(s)
	return s
}

// settled samples until done says that nothing is left that should not be, or for as long as that may take.
func (st *stage) settled(done func(sample) bool) sample {
	for deadline := time.Now().Add(restLimit); ; time.Sleep(10 * polling) {
		s := st.books.sample(time.Since(st.start), 0)
		if done(s) || time.Now().After(deadline) {
			return s
		}
	}
}

// untilCalm tells that no goroutine and no descriptor has gone away for a while, and no child is left.
func untilCalm() func(sample) bool {
	var before sample
	return func(s sample) bool {
		if s.goroutines != before.goroutines || s.descriptors != before.descriptors {
			before = s
		}
		return s.children == 0 && s.at-before.at >= calm
	}
}
