// Command tempstream shows one live stream to those who have a link, for as long as the link lasts.
//
//	tempstream demo [film]       try it: no account, no settings; a link is printed
//	tempstream serve             the service; README.md has its variables
//	tempstream link new|list|off links, in the database of a service that runs or not
//	tempstream key new|list|revoke
//	tempstream status            of the service that runs
//
// The exit code is 0 when it was done, 1 when something failed, and 2 when an argument or a variable is not usable. An error is one line for each
// thing that is wrong, and says what to do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"gotgcall/examples/tempstream/internal/config"
)

const (
	exitGood = iota
	exitBad
	exitUnusable
)

const usage = `usage: tempstream COMMAND

  demo [film]                 try it: temporary database and media server, a link for an hour; a test card without a film
  serve                       run the service
  link new [--ttl 1h | --permanent] [--label TEXT] [--viewers N]
  link list
  link off ID | --latest
  key new NAME                a stream key for an operator (MEDIA=mediamtx)
  key list
  key revoke ID
  status                      of the service that runs

Settings are environment variables: README.md has a table of them.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	environ := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, ok := strings.Cut(pair, "="); ok {
			environ[name] = value
		}
	}
	code := run(ctx, program{environ: environ, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is what a command takes from the system.
type program struct {
	environ        map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// errUsage is an argument that is not usable.
var errUsage = errors.New("see tempstream -h")

// run is the program.
func run(ctx context.Context, p program, args []string) int {
	err := p.command(ctx, args)
	var bad *config.Error
	switch {
	case err == nil:
		return exitGood
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.stdout, usage)
		return exitGood
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(p.stderr, "tempstream:", strings.TrimSpace(line))
	}
	if errors.Is(err, errUsage) || errors.As(err, &bad) {
		return exitUnusable
	}
	return exitBad
}

// command finds the command and runs it.
func (p program) command(ctx context.Context, args []string) error {
	first, rest := next(args)
	second, more := next(rest)
	switch first {
	case "demo":
		return p.demo(ctx, rest)
	case "serve":
		return p.serve(ctx, rest)
	case "status":
		return p.status(ctx, rest)
	case "link", "key":
	case "-h", "-help", "--help", "help":
		return flag.ErrHelp
	case "":
		return fmt.Errorf("a command is missing, such as demo or serve; %w", errUsage)
	default:
		return fmt.Errorf("there is no command %q; %w", first, errUsage)
	}
	f, ok := map[string]func(context.Context, []string) error{
		"link new": p.linkNew, "link list": p.linkList, "link off": p.linkOff,
		"key new": p.keyNew, "key list": p.keyList, "key revoke": p.keyRevoke,
	}[first+" "+second]
	if !ok {
		return fmt.Errorf("%q is followed by %q, expected one of its commands, such as \"%s list\"; %w", first, second, first, errUsage)
	}
	return f(ctx, more)
}

func next(args []string) (first string, rest []string) {
	if len(args) == 0 {
		return "", nil
	}
	return args[0], args[1:]
}

// parse reads a command's flags, and checks how many arguments follow them: what names them in an error.
func parse(flags *flag.FlagSet, args []string, least, most int, what string) error {
	flags.SetOutput(io.Discard) // an error is one line
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w; %w", flags.Name(), err, errUsage)
	case flags.NArg() < least || flags.NArg() > most:
		return fmt.Errorf("%s: %d arguments behind the flags, expected %s; %w", flags.Name(), flags.NArg(), what, errUsage)
	}
	return nil
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }
