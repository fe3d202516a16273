package media

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
)

// maxRedirections is how often in a row a server may send elsewhere.
const maxRedirections = 10

// ownUserAgent is that of requests of the library itself.
const ownUserAgent = "gotgcall"

// requestHeader is what the options put into each request.
func (o EncodeOptions) requestHeader() http.Header {
	h := http.Header{}
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	for name, value := range map[string]string{
		"Accept": "*/*", "User-Agent": ownUserAgent, "Cookie": strings.Join(cookiePairs(o.Cookies), "; "),
	} {
		if name == "User-Agent" && o.UserAgent != "" {
			value = o.UserAgent
		}
		if h.Get(name) == "" && value != "" {
			h.Set(name, value)
		}
	}
	return h
}

// newHTTPClient makes a client for one source. Certificates are verified, nothing is decoded on the way, and of what a server sends no more is
// read ahead than the system's buffers hold, for which HTTP/2 would have buffers of its own. Cookies and credentials are not carried over to another host.
func newHTTPClient(o EncodeOptions, policy func(*url.URL) error, subject string, secrets []string) *http.Client {
	jar, _ := cookiejar.New(nil) // it cannot fail
	own := o.requestHeader()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: dialing{&http.Transport{
			Proxy:                 proxyOf(o.Proxy),
			DialContext:           newDialer(policy, subject, secrets).DialContext,
			TLSHandshakeTimeout:   httpPatience,
			ResponseHeaderTimeout: httpPatience,
			DisableCompression:    true,
			Protocols:             &protocols,
		}},
		Jar: jar,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if own.Get("Referer") == "" {
				req.Header.Del("Referer") // it would tell the URL before
			}
			switch {
			case len(via) > maxRedirections:
				return fmt.Errorf("more than %d redirections", maxRedirections)
			case req.URL.Scheme != "http" && req.URL.Scheme != "https":
				return fmt.Errorf("a redirection to the scheme %q", req.URL.Scheme)
			}
			return askPolicy(policy, subject+", redirected,", req.URL.String(), secrets)
		},
	}
}

// withoutURL is an error of package net/http without the URL, which it begins with.
func withoutURL(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// proxyOf chooses the proxy as ffmpeg does: the one given or that of the environment variable http_proxy, for both schemes, but for hosts in no_proxy.
func proxyOf(given string) func(*http.Request) (*url.URL, error) {
	if given == "" {
		if given = os.Getenv("http_proxy"); !strings.HasPrefix(given, "http://") {
			return nil
		}
	}
	proxy, err := url.Parse(given)
	if err != nil {
		return nil // that of the options was checked
	}
	exempt := strings.FieldsFunc(os.Getenv("no_proxy"), func(r rune) bool { return r == ' ' || r == ',' })
	return func(req *http.Request) (*url.URL, error) {
		for _, pattern := range exempt {
			if matchesHost(pattern, req.URL.Hostname()) {
				return nil, nil //nolint:nilnil // no proxy
			}
		}
		return proxy, nil
	}
}

// matchesHost reports whether an entry of no_proxy stands for a host: for itself, for the hosts below it, and * for all.
func matchesHost(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == "*" {
		return true
	}
	pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, "*"), ".")
	return pattern != "" && (host == pattern || strings.HasSuffix(host, "."+pattern))
}
