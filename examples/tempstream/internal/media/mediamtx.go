package media

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

const (
	// ask is how often MediaMTX is asked who broadcasts, and whether that operator's key is still valid looked at.
	ask = 300 * time.Millisecond
	// answer is how long MediaMTX's API may take.
	answer = 3 * time.Second
)

// Keys tell whose stream keys are valid.
type Keys interface {
	// Operator returns the key's number and its operator's name; ok is false for a key that opens nothing.
	Operator(ctx context.Context, key string) (id int64, name string, ok bool, err error)
	// Valid says whether the key of that number has not been revoked.
	Valid(ctx context.Context, id int64) (bool, error)
}

// MTXConfig says where MediaMTX is. mediamtx.example.yml is the other half.
type MTXConfig struct {
	HLS    *url.URL // hlsAddress
	API    *url.URL // apiAddress
	Path   string   // the path of the stream, such as live/stream
	Secret string   // hlsCDNSecret
	Keys   Keys
	Log    *slog.Logger
}

// MTX is a Server that leaves the work to an external MediaMTX, 1.18.1 or newer. MediaMTX asks Authorize about whoever wants to publish or
// read; only we read, with the secret that spares us the question.
type MTX struct {
	// set at construction
	config MTXConfig
	proxy  *httputil.ReverseProxy
	client *http.Client

	mu         sync.Mutex // guards what follows
	phase      phase
	publishers map[string]publisher // by the number of their connection, from the moment they were let in
	source     string               // the connection that broadcasts; "" for none
	failed     error                // of the last question
}

// publisher is who is behind a connection.
type publisher struct {
	key  int64
	name string
	at   time.Time
}

// NewMTX makes the server. MediaMTX need not be there yet.
func NewMTX(c MTXConfig) *MTX {
	m := &MTX{config: c, client: newClient(), publishers: map[string]publisher{}}
	m.proxy = &httputil.ReverseProxy{
		Rewrite: m.rewrite, ModifyResponse: m.clean, ErrorHandler: m.refused,
		ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		// Of a request that is held open until there is something new, every byte counts.
		FlushInterval: -1,
	}
	m.phase.turn(false, time.Now())
	return m
}

// Run watches the broadcast until ctx ends, and cuts a publisher whose key has been revoked.
func (m *MTX) Run(ctx context.Context) error {
	tick := time.NewTicker(ask)
	defer tick.Stop()
	for was := error(nil); ; {
		err := m.observe(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err != nil) != (was != nil) {
			if err != nil {
				m.config.Log.Error("MediaMTX does not work for us", "error", err)
			} else {
				m.config.Log.Info("MediaMTX works for us")
			}
		}
		was = err
		m.mu.Lock()
		m.failed = err
		if err != nil {
			m.phase.turn(false, time.Now())
		}
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pathInfo is what /v3/paths/get says. Newer versions call ready available.
type pathInfo struct {
	Ready     bool `json:"ready"`
	Available bool `json:"available"`
	Source    *struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"source"`
}

// observe asks once.
func (m *MTX) observe(ctx context.Context) error {
	var path pathInfo
	err := m.api(ctx, http.MethodGet, "/v3/paths/get/"+m.config.Path, &path)
	if errors.Is(err, errNoSuch) {
		path, err = pathInfo{}, nil // nobody broadcasts
	}
	if err != nil {
		return err
	}
	source, now := "", time.Now()
	if path.Source != nil {
		source = path.Source.ID
	}
	live := source != "" && (path.Ready || path.Available)
	if live && m.Status().State != Live { // the first segment takes a while
		if live, err = m.plays(ctx); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.source = source
	m.phase.turn(live, now)
	for id, p := range m.publishers {
		if id != source && now.Sub(p.at) > endAfter {
			delete(m.publishers, id)
		}
	}
	m.mu.Unlock()
	if source == "" {
		return nil
	}
	return m.verify(ctx, path.Source.Type, source)
}

// verify cuts the publisher of a connection when its key is not valid, or nobody knows it.
func (m *MTX) verify(ctx context.Context, kind, id string) error {
	m.mu.Lock()
	p, known := m.publishers[id]
	m.mu.Unlock()
	if !known { // it was let in before this process began
		var conn struct {
			Query string `json:"query"`
		}
		if kinds[kind] != "" {
			if err := m.api(ctx, http.MethodGet, "/v3/"+kinds[kind]+"/get/"+url.PathEscape(id), &conn); err != nil && !errors.Is(err, errNoSuch) {
				return err
			}
		}
		query, _ := url.ParseQuery(conn.Query) // what cannot be read has no key
		key, name, ok, err := m.config.Keys.Operator(ctx, query.Get("pass"))
		if err != nil {
			return err
		}
		if ok {
			m.admit(id, publisher{key, name, time.Now()})
			return nil
		}
		return m.cut(ctx, kind, id, "its key is not known")
	}
	valid, err := m.config.Keys.Valid(ctx, p.key)
	if err != nil || valid {
		return err
	}
	return m.cut(ctx, kind, id, "its key was revoked")
}

func (m *MTX) admit(connection string, p publisher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.publishers[connection] = p
}

// Status is described at Server.
func (m *MTX) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.phase.status(time.Now(), m.publishers[m.source].name)
}

// Check is described at Server.
func (m *MTX) Check(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}
