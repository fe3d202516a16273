package media

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// plays says whether there is a playlist.
func (m *MTX) plays(ctx context.Context) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.part(Index).String(), nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Authorization", "Bearer "+m.config.Secret)
	got, err := m.client.Do(r)
	if err != nil {
		return false, fmt.Errorf("%w; is MEDIAMTX_HLS_BASE_URL its hlsAddress?", err)
	}
	got.Body.Close()
	if stranger(got) {
		return false, errSecret
	}
	return got.StatusCode == http.StatusOK, nil
}

// part is the address of a part of the stream.
func (m *MTX) part(name string) *url.URL {
	u := *m.config.HLS
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+"/"+m.config.Path+"/"+name, ""
	return &u
}

// wanted are the parameters of low-latency HLS; others are not passed on.
var wanted = []string{"_HLS_msn", "_HLS_part", "_HLS_skip"}

// ServeHLS is described at Server.
func (m *MTX) ServeHLS(w http.ResponseWriter, r *http.Request, name string) {
	m.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), nameKey{}, name)))
}

// nameKey is the context's key of what is asked for.
type nameKey struct{}

func (m *MTX) rewrite(r *httputil.ProxyRequest) {
	name, _ := r.In.Context().Value(nameKey{}).(string)
	query := url.Values{}
	for _, parameter := range wanted {
		if value := r.In.URL.Query().Get(parameter); value != "" {
			query.Set(parameter, value)
		}
	}
	r.Out.URL, r.Out.Host = m.part(name), ""
	r.Out.URL.RawQuery = query.Encode()
	header := http.Header{"Authorization": {"Bearer " + m.config.Secret}} // no cookie of ours
	for _, kept := range []string{"Accept", "Accept-Encoding", "Range", "User-Agent"} {
		if value := r.In.Header.Get(kept); value != "" {
			header.Set(kept, value)
		}
	}
	r.Out.Header = header
}

// errSecret is what MediaMTX does to those that it does not know.
var errSecret = errors.New("MediaMTX does not know us: MEDIAMTX_HLS_CDN_SECRET has to be hlsCDNSecret of mediamtx.yml, and MediaMTX 1.18.1 or newer")

// stranger says that MediaMTX has redirected or refused us.
func stranger(r *http.Response) bool {
	return r.StatusCode/100 == 3 && r.StatusCode != http.StatusNotModified || r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden
}

// clean keeps of MediaMTX's answer what is for the viewer.
func (m *MTX) clean(r *http.Response) error {
	if stranger(r) {
		return errSecret
	}
	for name := range r.Header {
		switch name {
		case "Content-Type", "Content-Length", "Content-Encoding", "Content-Range", "Accept-Ranges":
		default:
			r.Header.Del(name)
		}
	}
	return nil
}

func (m *MTX) refused(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits any more, or the one who asked us answers
	}
	m.config.Log.Error("a part of the stream is not to be had", "error", strings.ReplaceAll(err.Error(), m.config.Secret, "***"))
	http.Error(w, "the media server does not answer", http.StatusBadGateway)
}
