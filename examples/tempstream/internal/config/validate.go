package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A temporary link lasts at least MinTTL and at most MaxTTL; what is to last longer is a permanent one.
const (
	MinTTL = 10 * time.Second
	MaxTTL = 366 * 24 * time.Hour
)

// validate says what cannot work, whatever the command is.
func (c *Config) validate() error {
	var errs []error
	add := func(bad bool, variable, value, fix string) {
		if bad {
			errs = append(errs, wrong(variable, value, fix))
		}
	}
	for _, a := range [][2]string{{"HTTP_ADDR", c.HTTPAddr}, {"ADMIN_ADDR", c.AdminAddr}, {"RTMP_ADDR", c.RTMPAddr}, {"TLS_ADDR", c.TLSAddr}} {
		add(!isAddr(a[1]), a[0], a[1], "give HOST:PORT or :PORT, such as 127.0.0.1:8080")
	}
	if c.BaseURL != "" {
		errs = append(errs, c.cleanBaseURL())
	}
	add(c.TelegramToken != "" && len(c.AllowedChatIDs) == 0, "ALLOWED_CHAT_IDS", "",
		"name who may use the bot, user IDs with commas between them; without any nobody could")
	add(c.DefaultLinkTTL < MinTTL || c.DefaultLinkTTL > MaxTTL, "DEFAULT_LINK_TTL", c.DefaultLinkTTL.String(), ttlRange())
	for _, ttl := range c.LinkTTLOptions {
		add(ttl < MinTTL || ttl > MaxTTL, "LINK_TTL_OPTIONS", ttl.String(), ttlRange())
	}
	switch c.Media {
	case FFmpeg:
		add(isAddr(c.RTMPAddr) && !isLoopback(c.RTMPAddr), "RTMP_ADDR", c.RTMPAddr,
			"give a loopback address such as 127.0.0.1:1935: ffmpeg's listener checks no stream key, so whoever reaches it can broadcast; "+
				"to take streams from elsewhere set MEDIA=mediamtx")
	case MediaMTX:
		errs = append(errs, c.validateMediaMTX())
	default:
		add(true, "MEDIA", c.Media, "give ffmpeg, or mediamtx for an external MediaMTX")
	}
	add(strings.ContainsAny(c.TLSDomain, ":/ "), "TLS_DOMAIN", c.TLSDomain, "give a bare host name such as live.example.org")
	return errors.Join(errs...)
}

func ttlRange() string {
	return fmt.Sprintf("give durations between %v and %v, such as 30m, 1h or 24h", MinTTL, MaxTTL)
}

// cleanBaseURL checks BASE_URL and takes a slash off its end.
func (c *Config) cleanBaseURL() error {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return wrong("BASE_URL", c.BaseURL, "give the address that viewers open, with http:// or https:// before it, such as https://live.example.org")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return wrong("BASE_URL", u.Redacted(), "give scheme and host alone, such as https://live.example.org: the service needs a host of its own")
	}
	c.BaseURL = u.Scheme + "://" + u.Host
	return nil
}

// NeedBaseURL is for commands that print links.
func (c *Config) NeedBaseURL() error {
	if c.BaseURL == "" {
		return wrong("BASE_URL", "", "set it to the address that viewers open, such as https://live.example.org")
	}
	return nil
}

// plainSecret is what MediaMTX takes for hlsCDNSecret, less what would need quoting somewhere.
var plainSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{16,}$`)

func (c *Config) validateMediaMTX() error {
	var errs []error
	if c.MediaMTXHLS == nil {
		errs = append(errs, wrong("MEDIAMTX_HLS_BASE_URL", "", "set it to where MediaMTX serves HLS, such as http://127.0.0.1:8888"))
	}
	for variable, u := range map[string]*url.URL{"MEDIAMTX_HLS_BASE_URL": c.MediaMTXHLS, "MEDIAMTX_API_URL": c.MediaMTXAPI} {
		if u != nil && ((u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			errs = append(errs, wrong(variable, u.Redacted(), wanted[variable]))
		}
	}
	if !plainSecret.MatchString(c.MediaMTXSecret) {
		errs = append(errs, wrong("MEDIAMTX_HLS_CDN_SECRET", c.MediaMTXSecret,
			"give at least 16 letters, digits, - or _, the same as hlsCDNSecret in mediamtx.yml: MediaMTX would redirect and refuse viewers without it"))
	}
	return errors.Join(errs...)
}

// isAddr says whether it can be listened on.
func isAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}

// isLoopback says whether only this machine reaches it.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
