package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"gotgcall/examples/tempstream/internal/app"
	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/store"
)

// actor is who makes and ends things here, in the audit trail.
const actor = "command line"

// maxLabel is as many characters as a label may have.
const maxLabel = 100

// open reads the settings and opens the database.
func (p program) open(ctx context.Context) (config.Config, *store.Store, error) {
	c, err := config.Load(p.environ)
	if err != nil {
		return c, nil, err
	}
	s, err := store.Open(ctx, c.DBPath)
	return c, s, err
}

// linkNew prints the address of a new link.
func (p program) linkNew(ctx context.Context, args []string) error {
	o := store.LinkOptions{By: actor}
	flags := newFlags("link new")
	flags.Func("ttl", "how long it lasts, such as 1h", func(s string) (err error) {
		o.TTL, err = config.ParseTTL(s)
		return err
	})
	permanent := flags.Bool("permanent", false, "it lasts until it is disabled")
	flags.StringVar(&o.Label, "label", "", "what it is for")
	flags.IntVar(&o.MaxViewers, "viewers", 0, "how many may watch at once; 0 for any number")
	if err := parse(flags, args, 0, 0, "none"); err != nil {
		return err
	}
	switch {
	case *permanent && o.TTL != 0:
		return fmt.Errorf("link new: --ttl and --permanent exclude each other; give --ttl 1h, say, or --permanent; %w", errUsage)
	case o.MaxViewers < 0:
		return fmt.Errorf("link new: --viewers is %d, expected a number such as --viewers 5, or 0 for any; %w", o.MaxViewers, errUsage)
	case len([]rune(o.Label)) > maxLabel:
		return fmt.Errorf("link new: --label has %d characters, expected %d at most; %w", len([]rune(o.Label)), maxLabel, errUsage)
	}
	c, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.NeedBaseURL(); err != nil {
		return err
	}
	if !*permanent {
		o.TTL = cmp.Or(o.TTL, c.DefaultLinkTTL)
	}
	l, token, err := s.CreateLink(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s\nlink %d, %s; the address is not shown again\n", app.LinkURL(c.BaseURL, token), l.ID, until(l, c.TimeZone))
	return nil
}

// until tells how long a link lasts.
func until(l store.Link, zone *time.Location) string {
	if l.Expires.IsZero() {
		return "permanent"
	}
	return "until " + l.Expires.In(zone).Format(time.RFC1123)
}

func (p program) linkList(ctx context.Context, args []string) error {
	if err := parse(newFlags("link list"), args, 0, 0, "none"); err != nil {
		return err
	}
	c, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	links, err := s.ActiveLinks(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tLASTS\tVIEWERS\tMADE BY\tLABEL")
	for _, l := range links {
		limit := "any number"
		if l.MaxViewers > 0 {
			limit = fmt.Sprintf("%d at most", l.MaxViewers)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", l.ID, until(l, c.TimeZone), limit, l.CreatedBy, l.Label)
	}
	return table.Flush()
}

// linkOff ends a link. A service that runs notices it in the database.
func (p program) linkOff(ctx context.Context, args []string) error {
	flags := newFlags("link off")
	latest := flags.Bool("latest", false, "the link that was made last")
	if err := parse(flags, args, 0, 1, "a link's ID, or --latest"); err != nil {
		return err
	}
	if *latest == (flags.NArg() == 1) {
		return fmt.Errorf("link off: give a link's ID, such as link off 3, or --latest; \"tempstream link list\" shows them; %w", errUsage)
	}
	var id int64
	if !*latest {
		var err error
		if id, err = number("link off", flags.Arg(0)); err != nil {
			return err
		}
	}
	_, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	var l store.Link
	if *latest {
		l, err = s.DisableLatestLink(ctx, actor)
	} else {
		l, err = s.DisableLink(ctx, id, actor)
	}
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("there is no such active link; \"tempstream link list\" shows those that are")
	}
	if err == nil {
		fmt.Fprintf(p.stdout, "link %d is off\n", l.ID)
	}
	return err
}

// number reads an ID.
func number(command, s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%s: the ID is %q, expected a number such as 3; %w", command, s, errUsage)
	}
	return id, nil
}
