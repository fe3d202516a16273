package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	what      []string
	calls     []int
	addresses int
	length    time.Duration
	song      string
	children  int
	profiles  string
}

// run is the whole program. The first argument names a part of it that has a process of its own.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case roleReceive:
			return receive(args[1:], stdin, stdout)
		case roleSend:
			return send(ctx, stdin, stdout)
		}
	}
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	return measureAll(ctx, s, stdout, stderr)
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	what := flags.String("what", strings.Join(names(), ","), "what to measure, of "+strings.Join(names(), ", "))
	calls := flags.String("calls", "1,100,1000", "numbers of calls")
	flags.IntVar(&s.addresses, "addresses", 1, "server addresses that the calls are spread over, 127.0.0.1 and up (Linux has all of them)")
	flags.DurationVar(&s.length, "for", 5*time.Second, "how long each row is measured")
	flags.StringVar(&s.song, "song", "testdata/song.mp3", "what ffmpeg plays, over and over")
	flags.IntVar(&s.children, "children", 100, "leave rows out that need more child processes")
	flags.StringVar(&s.profiles, "profiles", "", "a folder for a CPU and a heap profile of each row's sender; it is made if it is missing")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.what = strings.Split(*what, ",")
	for _, name := range s.what {
		if _, ok := kinds[name]; !ok {
			return s, fmt.Errorf("-what %q, expected some of %s", name, strings.Join(names(), ", "))
		}
	}
	for field := range strings.SplitSeq(*calls, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return s, fmt.Errorf("-calls %q, expected numbers of 1 and more with commas between them", *calls)
		}
		s.calls = append(s.calls, n)
	}
	if s.addresses < 1 || s.addresses > 254 {
		return s, fmt.Errorf("-addresses %d, expected 1 to 254", s.addresses)
	}
	if s.length < time.Second {
		return s, fmt.Errorf("-for %v, expected at least 1s: the packets of less are too few for a percentile", s.length)
	}
	return s, nil
}

// measureAll measures row by row and prints the table at the end.
func measureAll(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	before := machine()
	var rows []result
	var errs []error
	for _, p := range plan(s) {
		if p.children() > s.children {
			fmt.Fprintf(stderr, "left out: %s with %d calls would be %d child processes (-children %d)\n", p.What, p.Calls, p.children(), s.children)
			continue
		}
		fmt.Fprintf(stderr, "%s, %d calls …\n", p.What, p.Calls)
		r, err := measure(ctx, p)
		if err != nil { // the other rows are worth their time all the same
			errs = append(errs, fmt.Errorf("%s with %d calls: %w", p.What, p.Calls, err))
			continue
		}
		text, _ := json.Marshal(r)
		fmt.Fprintf(stderr, "%s\n", text)
		rows = append(rows, r)
	}
	_, err := io.WriteString(stdout, before.String()+"\n"+table(rows))
	return errors.Join(append(errs, err)...)
}
