//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
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
