package nri

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics tell how the connection is and what was answered.
type metrics struct {
	duration    *prometheus.HistogramVec
	disconnects prometheus.Counter
	before      prometheus.Counter

	clock     func() time.Time
	mu        sync.Mutex
	connected bool
	apart     time.Duration // without a connection, up to since
	since     time.Time     // of the last change; zero before Run
}

var (
	connectedDesc = prometheus.NewDesc("kubearmor_nri_connected",
		"Whether the container runtime tells of its containers over NRI: 1 if it does, else 0.", nil, nil)
	apartDesc = prometheus.NewDesc("kubearmor_nri_disconnected_seconds_total",
		"Time since the agent's start without a connection to the container runtime's NRI, in seconds.", nil, nil)
)

func newMetrics(clock func() time.Time) *metrics {
	return &metrics{
		clock: clock,
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "kubearmor_nri_handler_duration_seconds",
			Help:    "Time until the container runtime was answered, by hook and result, in seconds.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.25, 2},
		}, []string{"hook", "result"}),
		disconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kubearmor_nri_disconnects_total",
			Help: "Times the connection to the container runtime's NRI was lost.",
		}),
		before: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kubearmor_nri_containers_started_before_policy_total",
			Help: "Containers that were found running, whose start no agent was told of: their programs began without policies.",
		}),
	}
}

func (m *metrics) observe(hook, result string, began time.Time) {
	m.duration.WithLabelValues(hook, result).Observe(time.Since(began).Seconds())
}

// begin starts counting the time without a connection.
func (m *metrics) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = m.clock()
}

func (m *metrics) connect() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	m.apart += now.Sub(m.since)
	m.connected, m.since = true, now
}

func (m *metrics) disconnect() {
	m.disconnects.Inc()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connected, m.since = false, m.clock()
}

// state returns whether there is a connection, and how long there was none.
func (m *metrics) state() (connected bool, apart time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	apart = m.apart
	if !m.connected && !m.since.IsZero() {
		apart += m.clock().Sub(m.since)
	}
	return m.connected, apart
}

// Describe implements prometheus.Collector.
func (p *Plugin) Describe(to chan<- *prometheus.Desc) {
	to <- connectedDesc
	to <- apartDesc
	p.metrics.duration.Describe(to)
	p.metrics.disconnects.Describe(to)
	p.metrics.before.Describe(to)
}

// Collect implements prometheus.Collector.
func (p *Plugin) Collect(to chan<- prometheus.Metric) {
	connected, apart := p.metrics.state()
	value := 0.0
	if connected {
		value = 1
	}
	to <- prometheus.MustNewConstMetric(connectedDesc, prometheus.GaugeValue, value)
	to <- prometheus.MustNewConstMetric(apartDesc, prometheus.CounterValue, apart.Seconds())
	p.metrics.duration.Collect(to)
	p.metrics.disconnects.Collect(to)
	p.metrics.before.Collect(to)
}
