package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"text/tabwriter"
	"time"

	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/store"
)

// operators are names that need no quoting anywhere.
var operators = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

// keyNew prints a new stream key.
func (p program) keyNew(ctx context.Context, args []string) error {
	flags := newFlags("key new")
	if err := parse(flags, args, 1, 1, "the operator's name"); err != nil {
		return err
	}
	name := flags.Arg(0)
	if !operators.MatchString(name) {
		return fmt.Errorf("key new: the name is %q, expected letters, digits, dots, - and _, such as anna; %w", name, errUsage)
	}
	c, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	k, key, err := s.CreateKey(ctx, name, actor)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s\nkey %d of %s; it is not shown again\n", key, k.ID, name)
	if c.Media == config.MediaMTX {
		fmt.Fprintf(p.stdout, "publish to rtmp://HOST:1935/%s?user=%s&pass=KEY\n", c.MediaMTXPath, name)
	} else {
		fmt.Fprintln(p.stderr, "tempstream: MEDIA is ffmpeg, which checks no keys and takes streams from this machine alone; keys are for MEDIA=mediamtx")
	}
	return nil
}

func (p program) keyList(ctx context.Context, args []string) error {
	if err := parse(newFlags("key list"), args, 0, 0, "none"); err != nil {
		return err
	}
	c, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	keys, err := s.Keys(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tOPERATOR\tMADE")
	for _, k := range keys {
		fmt.Fprintf(table, "%d\t%s\t%s\n", k.ID, k.Operator, k.Created.In(c.TimeZone).Format(time.RFC1123))
	}
	return table.Flush()
}

// keyRevoke makes a key worthless. A service that runs notices it in the database, and cuts who publishes with it.
func (p program) keyRevoke(ctx context.Context, args []string) error {
	flags := newFlags("key revoke")
	if err := parse(flags, args, 1, 1, "a key's ID"); err != nil {
		return err
	}
	id, err := number("key revoke", flags.Arg(0))
	if err != nil {
		return err
	}
	_, s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	k, err := s.RevokeKey(ctx, id, actor)
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("there is no such valid key; \"tempstream key list\" shows those that are")
	}
	if err == nil {
		fmt.Fprintf(p.stdout, "key %d of %s is revoked\n", k.ID, k.Operator)
	}
	return err
}
