package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gotgcall/examples/tempstream/internal/media"
)

// metrics are what /metrics tells.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	wrong    prometheus.Counter
	refused  prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tempstream_requests_total", Help: "Requests by route and status."},
			[]string{"route", "status"}),
		wrong:   prometheus.NewCounter(prometheus.CounterOpts{Name: "tempstream_wrong_tokens_total", Help: "Tokens that opened nothing."}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "tempstream_refused_guesses_total", Help: "Tokens not looked at, after too many wrong ones."}),
	}
	live := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tempstream_live", Help: "1 while a broadcast comes in."}, func() float64 {
		if s.config.Media.Status().State == media.Live {
			return 1
		}
		return 0
	})
	m.registry.MustRegister(m.requests, m.wrong, m.refused, live, viewers{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// viewers counts those who watch, by active link.
type viewers struct{ s *Server }

var (
	viewersOf   = prometheus.NewDesc("tempstream_viewers", "Viewers of a link.", []string{"link"}, nil)
	activeLinks = prometheus.NewDesc("tempstream_active_links", "Links that open something.", nil, nil)
)

// Describe implements prometheus.Collector.
func (viewers) Describe(to chan<- *prometheus.Desc) { to <- viewersOf; to <- activeLinks }

// Collect implements prometheus.Collector.
func (v viewers) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), healthTime)
	defer cancel()
	links, err := v.s.config.Store.ActiveLinks(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(activeLinks, err)
		return
	}
	to <- prometheus.MustNewConstMetric(activeLinks, prometheus.GaugeValue, float64(len(links)))
	watching := v.s.config.Gate.Viewers()
	for _, l := range links {
		to <- prometheus.MustNewConstMetric(viewersOf, prometheus.GaugeValue, float64(watching[l.ID]), strconv.FormatInt(l.ID, 10))
	}
}

// observed counts and logs requests. The route is logged and not the path, which may be the secret.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() { // also of an answer that was cut off
			route := r.Pattern
			if route == "" {
				route = "none"
			}
			s.metrics.requests.WithLabelValues(route, strconv.Itoa(seen.status)).Inc()
			s.config.Log.Debug("request", "route", route, "status", seen.status, "ms", time.Since(began).Milliseconds())
		}()
		next.ServeHTTP(seen, r)
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(code int) {
	r.status = code
	r.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
