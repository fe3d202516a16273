//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"gotgcall"
	"gotgcall/internal/usage"
	"gotgcall/sfutest"
)

func main() {
	if isFake() {
		os.Exit(fake(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	length time.Duration
	calls  int
	seed   uint64
	loss   float64
	song   string
}

// run is the whole program.
func run(ctx context.Context, args []string, out io.Writer) error {
	s := settings{}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&s.length, "for", time.Minute, "how long to walk")
	flags.IntVar(&s.calls, "calls", 200, "calls at a time")
	flags.Uint64Var(&s.seed, "seed", 0, "of the walk; 0 chooses one")
	flags.Float64Var(&s.loss, "loss", 0.02, "share of datagrams that are lost, in both directions")
	flags.StringVar(&s.song, "song", "testdata/song.mp3", "what ffmpeg plays")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case s.length < time.Second:
		return fmt.Errorf("-for %s, expected at least 1s", s.length)
	case s.calls < 1:
		return fmt.Errorf("-calls %d, expected at least 1", s.calls)
	case s.loss < 0 || s.loss >= 1:
		return fmt.Errorf("-loss %v, expected 0 to 1", s.loss)
	}
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	fmt.Fprintf(out, "seed %d: %d calls for %s, %.0f %% loss; again with -seed %d -calls %d\n\n", s.seed, s.calls, s.length, 100*s.loss, s.seed, s.calls)
	folder, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	return errors.Join(soak(ctx, s, folder, out), os.RemoveAll(folder))
}

// fakes is how many of the calls have the fake ffmpeg.
func (s settings) fakes() int { return s.calls / 4 }

// maxProcesses bounds the real ffmpegs: what is refused by that is a part of the walk.
const maxProcesses = 16

// stage is what the calls walk on.
type stage struct {
	server  *sfutest.Server
	clients []*gotgcall.Client // with the real ffmpeg, and with the fake
	walkers []*walker
}

// soak walks, and says how it was.
func soak(ctx context.Context, s settings, folder string, out io.Writer) error {
	b := &books{refused: map[string]int{}}
	usage.OpenDescriptors() // the runtime's own are there before the first sample
	begin := b.sample(0, 0)
	st, err := newStage(s, folder, b)
	if err != nil {
		return err
	}
	head(out)
	begin.row(out)
	ctx, cancel := context.WithTimeout(ctx, s.length)
	defer cancel()
	var all sync.WaitGroup
	start := time.Now()
	for _, w := range st.walkers {
		all.Go(func() { w.walk(ctx) })
	}
	all.Go(func() { chaos(ctx, rand.New(rand.NewPCG(s.seed, 0))) })
	tick := time.NewTicker(s.length / 10)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			b.sample(time.Since(start), s.calls).row(out)
		}
	}
	tick.Stop()
	b.bounded("the end of the walk", walkLimit, func() {
		all.Wait()
		for _, v := range st.close() {
			b.violation("%s", v)
		}
	})
	end := settled(b, begin, start)
	end.row(out)
	return b.verdict(begin, end, out)
}

// bounded does what may hang. When it has not returned in time, that is a violation and it is left behind: what had hung before is told all the same.
func (b *books) bounded(what string, limit time.Duration, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		b.violation("%s has not come after %s", what, limit)
	}
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
	st := &stage{}
	st.server, err = sfutest.NewServer(sfutest.WithLoss(s.loss), sfutest.WithSeed(s.seed), sfutest.WithTolerances(sfutest.Patient()), sfutest.WithSink())
	if err != nil {
		return nil, err
	}
	for _, o := range [][]gotgcall.Option{{gotgcall.WithMaxProcesses(maxProcesses)}, {gotgcall.WithFFmpegPath(pretender)}} {
		c, err := gotgcall.New(append(o, gotgcall.WithLoopback(), gotgcall.WithLogger(slog.New(slog.DiscardHandler)))...)
		if err != nil {
			return nil, errors.Join(err, errors.Join(closeAll(st.clients)...), st.server.Close())
		}
		st.clients = append(st.clients, c)
	}
	beacons := map[*gotgcall.Client]*beacon{}
	for _, c := range st.clients {
		beacons[c] = &beacon{client: c}
		if _, err := c.CreateCall(beaconChat); err != nil {
			return nil, err
		}
	}
	for chat := range s.calls {
		isFake := chat < s.fakes()
		c := st.clients[0]
		if isFake {
			c = st.clients[1]
		}
		st.walkers = append(st.walkers, &walker{
			chat: int64(chat), client: c, server: st.server, shelf: shelf, books: b, beacon: beacons[c], fake: isFake, lists: map[string]bool{},
			dice: rand.New(rand.NewPCG(s.seed, uint64(chat)+1)),
		})
	}
	for c, lit := range beacons {
		c.OnUpgrade(func(chat int64, _ gotgcall.MediaState) {
			if chat == beaconChat {
				lit.told.Add(1)
			}
		})
		c.OnStreamEnd(func(chat int64, _ gotgcall.StreamType, _ gotgcall.Device, _ error) { st.walkers[chat].ends.Add(1) })
	}
	return st, nil
}

func closeAll(clients []*gotgcall.Client) (errs []error) {
	for _, c := range clients {
		errs = append(errs, c.Close())
	}
	return errs
}

// close ends everything and returns what was wrong with it.
func (s *stage) close() (wrong []string) {
	for _, err := range append(closeAll(s.clients), s.server.Close()) {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	for _, v := range s.server.Violations() {
		if !slices.Contains(explained, v.Kind) {
			wrong = append(wrong, fmt.Sprintf("the server: %s", v))
		}
	}
	return wrong
}

// explained are the violations that the walk itself makes: operations that follow each other in the time of a packet, each with its marker; datagrams that the
// system drops, when neither side gets to run; ports that it gives to a call when another one has just been closed.
var explained = []sfutest.ViolationKind{
	sfutest.ViolationAudioMarker, sfutest.ViolationTransportSequence, sfutest.ViolationSequence, sfutest.ViolationSharedPath,
}

// settled samples until nothing is left, or for as long as that may take.
func settled(b *books, begin sample, start time.Time) sample {
	for deadline := time.Now().Add(operationLimit); ; time.Sleep(100 * time.Millisecond) {
		s := b.sample(time.Since(start), 0)
		if len(s.leftBehind(begin)) == 0 || time.Now().After(deadline) {
			return s
		}
	}
}

// leftBehind says what there is more than at the beginning.
func (s sample) leftBehind(begin sample) (left []string) {
	for _, c := range []struct {
		what          string
		now, expected int
	}{{"goroutines", s.goroutines, begin.goroutines}, {"descriptors", s.descriptors, begin.descriptors}, {"children", s.children, begin.children}} {
		if c.now > c.expected {
			left = append(left, fmt.Sprintf("%d %s are there, %d were at the beginning", c.now, c.what, c.expected))
		}
	}
	return left
}

// verdict prints what became of the songs, and returns an error when something was wrong.
func (b *books) verdict(begin, end sample, out io.Writer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.all
	fmt.Fprintf(out, "\nsongs: %d started = %d ended + %d replaced + %d stopped\nrefused:", a.started, a.ended, a.replaced, a.stopped)
	for _, name := range slices.Sorted(maps.Keys(b.refused)) {
		fmt.Fprintf(out, " %d × %q", b.refused[name], name)
	}
	fmt.Fprintln(out)
	wrong := append(slices.Clone(b.violations), end.leftBehind(begin)...)
	if !a.balanced() {
		wrong = append(wrong, "the law does not hold")
	}
	if a.started == 0 || a.ended == 0 || a.replaced == 0 || a.stopped == 0 {
		wrong = append(wrong, "the walk was too short to say anything: of each there has to be something")
	}
	for _, v := range wrong {
		fmt.Fprintf(out, "\nVIOLATION: %s\n", v)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d violations", len(wrong))
	}
	return nil
}
