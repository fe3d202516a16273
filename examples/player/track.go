package player

import (
	"cmp"
	"context"
	"net/url"
	"path/filepath"
	"time"

	"gotgcall"
)

// track is something that can be played, and what is known of it.
type track struct {
	source gotgcall.Source
	title  string
	length time.Duration // 0: nobody knows
}

// probe makes a track of a file's name or an address. What cannot be played is refused.
func (p *Player) probe(ctx context.Context, name string) (track, error) {
	t := track{source: gotgcall.FromFile(name), title: filepath.Base(name)}
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		t = track{source: gotgcall.FromURL(name), title: u.Host} // the rest of it may be secret
	}
	info, err := p.client.Probe(ctx, t.source)
	if err != nil {
		return t, err
	}
	t.length = info.Duration
	if t.title = cmp.Or(info.Title, t.title); info.Artist != "" {
		t.title = info.Artist + " – " + t.title
	}
	return t, nil
}
