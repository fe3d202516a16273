// Package config reads tempstream's environment variables and says what is wrong with them: which variable, which value, what to do.
package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"time"
)

// The values of MEDIA.
const (
	FFmpeg   = "ffmpeg"
	MediaMTX = "mediamtx"
)

// Config is what the environment says. README.md describes each variable.
type Config struct {
	HTTPAddr  string `env:"HTTP_ADDR" envDefault:":8080"`
	AdminAddr string `env:"ADMIN_ADDR" envDefault:"127.0.0.1:9090"`
	BaseURL   string `env:"BASE_URL"`
	DBPath    string `env:"DB_PATH" envDefault:"./db.sqlite"`

	TelegramToken  string  `env:"TELEGRAM_BOT_TOKEN"`
	TelegramAPI    string  `env:"TELEGRAM_API_URL"`
	AllowedChatIDs []int64 `env:"ALLOWED_CHAT_IDS"`

	CookieSecure   bool            `env:"COOKIE_SECURE" envDefault:"true"`
	DefaultLinkTTL time.Duration   `env:"DEFAULT_LINK_TTL" envDefault:"1h"`
	LinkTTLOptions []time.Duration `env:"LINK_TTL_OPTIONS" envDefault:"30m,1h,3h"`
	TimeZone       *time.Location  `env:"TIME_ZONE" envDefault:"UTC"`
	LogLevel       slog.Level      `env:"LOG_LEVEL" envDefault:"info"`
	TrustedProxies []netip.Prefix  `env:"TRUSTED_PROXIES" envDefault:"127.0.0.0/8,::1/128"`

	Media    string `env:"MEDIA" envDefault:"ffmpeg"`
	RTMPAddr string `env:"RTMP_ADDR" envDefault:"127.0.0.1:1935"`
	FFmpeg   string `env:"FFMPEG" envDefault:"ffmpeg"`
	MediaDir string `env:"MEDIA_DIR"`

	MediaMTXHLS    *url.URL `env:"MEDIAMTX_HLS_BASE_URL"`
	MediaMTXAPI    *url.URL `env:"MEDIAMTX_API_URL" envDefault:"http://127.0.0.1:9997"`
	MediaMTXPath   string   `env:"MEDIAMTX_PATH" envDefault:"live/stream"`
	MediaMTXSecret string   `env:"MEDIAMTX_HLS_CDN_SECRET"`

	TLSDomain string `env:"TLS_DOMAIN"`
	TLSAddr   string `env:"TLS_ADDR" envDefault:":443"`
	TLSCache  string `env:"TLS_CACHE" envDefault:"./certs"`
}
