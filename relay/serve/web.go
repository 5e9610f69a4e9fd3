package serve

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of the metrics' address.
const (
	scrapes      = 4       // at once, for each of the two
	maxScrape    = 4 << 20 // bytes of the agent's metrics
	agentTimeout = 10 * time.Second
)

// web serves metrics and whether the relay is well.
func (r *Relay) web() *http.Server {
	failures := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "kubearmor_relay_agent_scrape_failures_total", Help: "Requests for the agent's metrics that the agent did not answer.",
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.registry(failures), promhttp.HandlerOpts{MaxRequestsInFlight: scrapes}))
	mux.Handle("GET /metrics/agent", agentMetrics(r.options.Socket, failures))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !r.intake.Counters().Connected {
			http.Error(w, "the agent does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return &http.Server{
		Handler: mux, MaxHeaderBytes: 8 << 10,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	}
}

// agentMetrics passes the agent's metrics on as they are.
func agentMetrics(socket string, failures prometheus.Counter) http.Handler {
	client := &http.Client{Timeout: agentTimeout, Transport: &http.Transport{
		MaxConnsPerHost: scrapes, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 8 << 10, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		body, kind, err := scrape(asked.Context(), client)
		if err != nil {
			failures.Inc()
			http.Error(w, "the agent's metrics: "+err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body)
	})
}

func scrape(ctx context.Context, client *http.Client) (body []byte, kind string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent/metrics", nil)
	if err != nil {
		return nil, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxScrape+1))
	switch {
	case err != nil:
		return nil, "", err
	case len(body) > maxScrape:
		return nil, "", fmt.Errorf("they have more than %d bytes", maxScrape)
	case response.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("%s: %.200s", response.Status, body)
	}
	return body, response.Header.Get("Content-Type"), nil
}
