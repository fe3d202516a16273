package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Error is what is wrong with one variable.
type Error struct {
	Variable string
	Value    string // masked where it is a secret
	Fix      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s is %q: %s", e.Variable, e.Value, e.Fix)
}

// secrets are the variables whose values are never shown.
var secrets = []string{"TELEGRAM_BOT_TOKEN", "MEDIAMTX_HLS_CDN_SECRET"}

// wanted tells, for each variable whose text is parsed, what it should look like.
var wanted = map[string]string{
	"ALLOWED_CHAT_IDS":      "give user IDs, numbers with commas between them, such as 12345,67890; the bot's /whoami tells yours",
	"COOKIE_SECURE":         "give true, or false for plain HTTP",
	"DEFAULT_LINK_TTL":      "give a duration such as 30m, 1h or 24h",
	"LINK_TTL_OPTIONS":      "give durations with commas between them, such as 30m,1h,3h",
	"TIME_ZONE":             "give an IANA time zone such as UTC or Europe/Berlin",
	"LOG_LEVEL":             "give debug, info, warn or error",
	"TRUSTED_PROXIES":       "give networks with commas between them, such as 127.0.0.0/8,172.16.0.0/12",
	"MEDIAMTX_HLS_BASE_URL": "give an address such as http://127.0.0.1:8888",
	"MEDIAMTX_API_URL":      "give an address such as http://127.0.0.1:9997",
}

// Load reads the environment, given as a map. It returns everything that is wrong at once, each as an *Error.
func Load(environ map[string]string) (Config, error) {
	var c Config
	set := map[string]string{} // an empty variable is one that is not set, but for the list that may be empty
	for name, value := range environ {
		if value = strings.TrimSpace(value); value != "" || name == "LINK_TTL_OPTIONS" {
			set[name] = value
		}
	}
	var prefix netip.Prefix
	err := env.ParseWithOptions(&c, env.Options{Environment: set, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeOf(prefix): func(v string) (any, error) { return netip.ParsePrefix(strings.TrimSpace(v)) },
	}})
	if err != nil {
		return c, explain(err, set)
	}
	if value, ok := set["LINK_TTL_OPTIONS"]; ok && value == "" { // the parser would take the default
		c.LinkTTLOptions = nil
	}
	err = c.validate() // which also cleans BASE_URL
	return c, err
}

// explain makes of the parser's errors, which name fields of Config, ones that name variables.
func explain(err error, set map[string]string) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var explained []error
	for _, one := range all.Errors {
		var bad env.ParseError
		if !errors.As(one, &bad) {
			explained = append(explained, one)
			continue
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(bad.Name)
		name := field.Tag.Get("env")
		explained = append(explained, wrong(name, set[name], cmp.Or(wanted[name], "it cannot be read")))
	}
	return errors.Join(explained...)
}

// wrong makes an *Error.
func wrong(variable, value, fix string) error {
	if slices.Contains(secrets, variable) && value != "" {
		value = "***"
	}
	return &Error{Variable: variable, Value: value, Fix: fix}
}

// ParseTTL reads how long a link is to last.
func ParseTTL(s string) (time.Duration, error) {
	ttl, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration; give one such as 30m, 1h or 24h", s)
	case ttl < MinTTL || ttl > MaxTTL:
		return 0, fmt.Errorf("%q is not between %v and %v; give one such as 30m, 1h or 24h", s, MinTTL, MaxTTL)
	}
	return ttl, nil
}
