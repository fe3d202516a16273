package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// newClient follows no redirection: MediaMTX's means that it does not know us.
func newClient() *http.Client {
	return &http.Client{Timeout: answer, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// kinds are the types of connections that can publish by RTMP, and what they are called in the API's addresses.
var kinds = map[string]string{"rtmpConn": "rtmpconns", "rtmpsConn": "rtmpsconns"}

func (m *MTX) cut(ctx context.Context, kind, id, why string) error {
	if kinds[kind] == "" {
		return fmt.Errorf("the stream comes from a %q, expected rtmpConn or rtmpsConn: let mediamtx.yml take it from publishers alone, by RTMP", kind)
	}
	err := m.api(ctx, http.MethodPost, "/v3/"+kinds[kind]+"/kick/"+url.PathEscape(id), nil)
	if err == nil || errors.Is(err, errNoSuch) {
		m.config.Log.Warn("a publisher was cut", "connection", id, "reason", why)
		return nil
	}
	return fmt.Errorf("a publisher should be cut, for %s: %w", why, err)
}

// errNoSuch is the API's 404.
var errNoSuch = errors.New("MediaMTX knows no such thing")

// api asks MediaMTX's API; into may be nil.
func (m *MTX) api(ctx context.Context, method, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, m.config.API.JoinPath(path).String(), nil)
	if err != nil {
		return err
	}
	got, err := m.client.Do(r)
	if err != nil {
		return fmt.Errorf("%w; is MediaMTX running, and MEDIAMTX_API_URL its apiAddress?", err)
	}
	defer got.Body.Close()
	body := io.LimitReader(got.Body, 1<<20)
	switch {
	case got.StatusCode == http.StatusNotFound:
		return errNoSuch
	case got.StatusCode == http.StatusUnauthorized:
		return errors.New("MediaMTX's API wants a password; exclude the action api in authHTTPExclude, and keep apiAddress from strangers")
	case got.StatusCode/100 != 2:
		return fmt.Errorf("MediaMTX's API answers %s", got.Status)
	case into == nil:
		return nil
	}
	return json.NewDecoder(body).Decode(into)
}
