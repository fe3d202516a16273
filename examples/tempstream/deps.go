//go:build deps

// Package tempstream holds the versions of what the packages beside it require.
package tempstream

import (
	_ "github.com/caarlos0/env/v11"
	_ "github.com/go-telegram/bot"
	_ "github.com/pressly/goose/v3"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "golang.org/x/crypto/acme/autocert"
	_ "golang.org/x/time/rate"
	_ "gotgcall"
	_ "modernc.org/sqlite"
)
