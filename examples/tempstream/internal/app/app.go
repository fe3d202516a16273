// Package app puts tempstream together: the database, the media server, the web server, the bot.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"gotgcall/examples/tempstream/internal/access"
	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/telegram"
	"gotgcall/examples/tempstream/internal/web"
)

// Limits of the HTTP servers.
const (
	headerTime = 10 * time.Second // for a request's header
	answerTime = time.Minute      // for an answer that is no stream of events
	idleTime   = 2 * time.Minute
	stopTime   = 5 * time.Second // for answers that are on their way when the service stops
	cleanEvery = time.Hour
)

// App is the service. New opens what it needs, Run does the work, once.
type App struct {
	// set at construction
	config   config.Config
	log      *slog.Logger
	store    *store.Store
	media    media.Server
	gate     *access.Gate
	web      *web.Server
	bot      *telegram.Bot // nil without a token
	closers  []func() error
	public   net.Listener
	secure   net.Listener // of HTTPS; nil without TLS_DOMAIN
	admin    net.Listener
	announce announcement
}

// New opens the database and the sockets. Whatever is wrong names its variable; what was opened is closed again then.
func New(ctx context.Context, c config.Config, log *slog.Logger) (a *App, err error) {
	a = &App{config: c, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
			a = nil
		}
	}()
	if a.store, err = store.Open(ctx, c.DBPath); err != nil {
		return
	}
	a.closers = append(a.closers, a.store.Close)
	if a.public, err = a.listen("HTTP_ADDR", c.HTTPAddr); err != nil {
		return
	}
	if a.admin, err = a.listen("ADMIN_ADDR", c.AdminAddr); err != nil {
		return
	}
	if c.TLSDomain != "" {
		if a.secure, err = a.listen("TLS_ADDR", c.TLSAddr); err != nil {
			return
		}
	}
	if a.media, err = a.newMedia(); err != nil {
		return
	}
	a.gate = access.New(a.store, log)
	a.announce.media = a.media.Status
	a.web = web.New(web.Config{
		Gate: a.gate, Store: a.store, Media: a.media, Status: a.announce.status,
		CookieSecure: c.CookieSecure, TrustedProxies: c.TrustedProxies, Log: log,
	})
	if c.TelegramToken != "" {
		a.bot, err = telegram.New(telegram.Options{
			Token: c.TelegramToken, ServerURL: c.TelegramAPI, Allowed: c.AllowedChatIDs, TTLs: c.LinkTTLOptions, Location: c.TimeZone, Log: log,
		}, links{a})
	}
	return
}

// listen opens a socket, which is closed with the App.
func (a *App) listen(variable, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s is %q: %w; give an address of this machine and a port that is free", variable, addr, err)
	}
	a.closers = append(a.closers, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) { // its server has closed it
			return err
		}
		return nil
	})
	return l, nil
}

// newMedia makes the media server that MEDIA names.
func (a *App) newMedia() (media.Server, error) {
	c := a.config
	if c.Media == config.MediaMTX {
		return media.NewMTX(media.MTXConfig{
			HLS: c.MediaMTXHLS, API: c.MediaMTXAPI, Path: c.MediaMTXPath, Secret: c.MediaMTXSecret, Keys: keys{a.store}, Log: a.log,
		}), nil
	}
	dir := c.MediaDir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "tempstream-media-"); err != nil {
			return nil, fmt.Errorf("a folder for the stream cannot be made: %w; name one with MEDIA_DIR", err)
		}
		a.closers = append(a.closers, func() error { return os.RemoveAll(dir) })
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("MEDIA_DIR is %q: %w; give a folder that this user may write to", dir, err)
	}
	return media.NewFFmpeg(media.FFmpegConfig{Addr: c.RTMPAddr, Path: c.FFmpeg, Dir: dir, Log: a.log})
}

// Run serves until ctx ends or something that cannot be done without fails. Then it stops: who watches is told the state once more.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.gate.Run(ctx) })
	group.Go(func() error { return a.web.Run(ctx) })
	group.Go(func() error { return a.media.Run(ctx) })
	group.Go(func() error { return a.cleanUp(ctx) })
	if a.bot != nil {
		group.Go(func() error { return a.bot.Run(ctx) })
	}
	a.serve(ctx, group)
	a.log.Info("serving", "address", a.public.Addr().String(), "admin", a.admin.Addr().String(), "media", a.config.Media)
	err := group.Wait()
	a.gate.Close()
	return errors.Join(err, a.close())
}

// serve starts the HTTP servers.
func (a *App) serve(ctx context.Context, group *errgroup.Group) {
	public := a.newServer(a.web.Handler())
	admin := a.newServer(a.web.Admin())
	servers := []*http.Server{public, admin}
	group.Go(func() error { return serve(admin, a.admin) })
	if a.secure != nil {
		certs := newCertificates(a.config)
		public.TLSConfig = certs.TLSConfig()
		plain := a.newServer(certs.HTTPHandler(nil)) // challenges, and redirections to HTTPS
		servers = append(servers, plain)
		group.Go(func() error { return serve(plain, a.public) })
		group.Go(func() error {
			if err := public.ServeTLS(a.secure, "", ""); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	} else {
		group.Go(func() error { return serve(public, a.public) })
	}
	group.Go(func() error {
		<-ctx.Done()
		a.web.Stop()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		for _, s := range servers {
			if err := s.Shutdown(limit); err != nil {
				a.log.Warn("answers were cut off", "error", errors.Join(err, s.Close()))
			}
		}
		return nil
	})
}

func serve(s *http.Server, on net.Listener) error {
	if err := s.Serve(on); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a *App) newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

// cleanUp removes what is over, at the start and every hour.
func (a *App) cleanUp(ctx context.Context) error {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		if n, err := a.store.CleanUp(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("what is over cannot be removed from the database", "error", err)
		} else if n > 0 {
			a.log.Info("removed what is over", "rows", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// close closes what New has opened, the last first.
func (a *App) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// Close closes an App that was not run.
func (a *App) Close() error { return a.close() }

// Addr is where the service listens for viewers.
func (a *App) Addr() net.Addr { return a.public.Addr() }

// AdminAddr is where it listens for operators.
func (a *App) AdminAddr() net.Addr { return a.admin.Addr() }

// BaseURL begins the links: BASE_URL, or the address itself when that is not set.
func (a *App) BaseURL() string {
	if a.config.BaseURL != "" {
		return a.config.BaseURL
	}
	return "http://" + a.public.Addr().String()
}
