package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"gotgcall/examples/tempstream/internal/app"
	"gotgcall/examples/tempstream/internal/config"
	"gotgcall/examples/tempstream/internal/web"
)

// serve runs the service until it is interrupted.
func (p program) serve(ctx context.Context, args []string) error {
	if err := parse(newFlags("serve"), args, 0, 0, "none"); err != nil {
		return err
	}
	c, err := config.Load(p.environ)
	if err != nil {
		return err
	}
	if err := c.NeedBaseURL(); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	a, err := app.New(ctx, c, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// statusTime is for the service's answer.
const statusTime = 5 * time.Second

// status asks the service that runs how it is.
func (p program) status(ctx context.Context, args []string) error {
	if err := parse(newFlags("status"), args, 0, 0, "none"); err != nil {
		return err
	}
	c, err := config.Load(p.environ)
	if err != nil {
		return err
	}
	report, err := ask(ctx, c.AdminAddr)
	if err != nil {
		return fmt.Errorf("no service answers at ADMIN_ADDR %s (%w); \"tempstream serve\" starts one", c.AdminAddr, err)
	}
	fmt.Fprintf(p.stdout, "stream   %s since %s\n", report.State, report.Since.In(c.TimeZone).Format(time.RFC1123))
	if report.Publisher != "" {
		fmt.Fprintf(p.stdout, "from     %s\n", report.Publisher)
	}
	all := 0
	for _, n := range report.Viewers {
		all += n
	}
	fmt.Fprintf(p.stdout, "viewers  %d\nready    %s\n", all, report.Ready)
	return nil
}

func ask(ctx context.Context, addr string) (report web.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return report, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/status", nil)
	if err != nil {
		return report, err
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return report, err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return report, fmt.Errorf("it says %s", got.Status)
	}
	err = json.NewDecoder(io.LimitReader(got.Body, 1<<20)).Decode(&report)
	return report, err
}
