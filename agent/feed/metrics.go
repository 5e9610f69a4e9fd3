package feed

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/stream"
)

// registry holds the agent's metrics, each read when it is asked for.
func registry(o Options, events *stream.Server, listener *socket.Listener) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kubearmor_agent_build_info", Help: "Always 1; the label is the agent's version.",
		ConstLabels: prometheus.Labels{"version": o.Version},
	})
	info.Set(1)
	r.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		enforcerMetrics{o.Counters}, streamMetrics{events}, socketMetrics{listener})
	return r
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("kubearmor_agent_"+name, help, labels, nil)
}

var (
	eventsDesc   = desc("events_total", "Events that the kernel has handed to the agent.")
	lostDesc     = desc("events_lost_total", "Events that nobody was told of, by cause: buffer_full, the kernel's buffer had no room, counted with their repeats; profile_unknown, the profile they belong to was gone.", "cause")
	foldedDesc   = desc("events_folded_total", "Repeats of an event that another event stands for.")
	deniedDesc   = desc("denials_unjudged_total", "Operations that were denied because they could not be judged, by cause: no_image, no_buffer for the name, unstable_name.", "cause")
	longDesc     = desc("names_too_long_total", "Operations on files whose names are longer than PATH_MAX: judged by the beginning of the name, or denied as the file lies too deep.")
	labelsDesc   = desc("labels_missing_total", "Tasks whose container had to be looked up by their cgroup.")
	setupDesc    = desc("setup_operations_exempt_total", "Operations of container runtimes that set a container up.")
	startsDesc   = desc("starts_without_agent_total", "Programs started in pods while no agent answered, by outcome: passed, denied, passed_late (no agent for longer than the limit).", "outcome")
	tamperDesc   = desc("tampering_denied_total", "Tries of containers to get at the agent or at what it has in the kernel, which were denied.")
	sourcesDesc  = desc("sources_missing_total", "Tasks whose program could be neither kept nor read.")
	syscallsDesc = desc("syscalls_missed_total", "System calls that were not looked at, as they came while another was.")
)

// enforcerMetrics are the enforcer's counters.
type enforcerMetrics struct {
	read func() (enforcer.Counters, error)
}

func (enforcerMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{eventsDesc, lostDesc, foldedDesc, deniedDesc, longDesc, labelsDesc, setupDesc, startsDesc, tamperDesc, sourcesDesc, syscallsDesc} {
		to <- d
	}
}

func (m enforcerMetrics) Collect(to chan<- prometheus.Metric) {
	c, err := m.read()
	if err != nil {
		to <- prometheus.NewInvalidMetric(eventsDesc, err)
		return
	}
	count := counter(to)
	count(eventsDesc, c.Events)
	count(lostDesc, c.EventsDropped, "buffer_full")
	count(lostDesc, c.Unexplained, "profile_unknown")
	count(foldedDesc, c.EventsFolded)
	count(deniedDesc, c.Malformed, "no_image")
	count(deniedDesc, c.NoBuffer, "no_buffer")
	count(deniedDesc, c.UnstableNames, "unstable_name")
	count(longDesc, c.LongNames)
	count(labelsDesc, c.LabelsMissing)
	count(setupDesc, c.SetupExempt)
	count(startsDesc, c.StartsOpen, "passed")
	count(startsDesc, c.StartsRefused, "denied")
	count(startsDesc, c.StartsLate, "passed_late")
	count(tamperDesc, c.Tampering)
	count(sourcesDesc, c.SourcesMissing)
	count(syscallsDesc, c.CallsMissed)
}

func counter(to chan<- prometheus.Metric) func(*prometheus.Desc, uint64, ...string) {
	return func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
}

var (
	publishedDesc   = desc("stream_published_total", "Events that were to be handed to subscribers, by kind: alert, log, message.", "kind")
	sentDesc        = desc("stream_sent_total", "Events sent, over all subscribers.", "kind")
	streamLostDesc  = desc("stream_lost_total", "Events that a subscriber did not get, by cause: slow, its queue was full; gone, it ended before; too_large, once for all subscribers.", "kind", "cause")
	subscribersDesc = desc("stream_subscribers", "Subscribers now.", "kind")
	refusedDesc     = desc("stream_subscribers_refused_total", "Subscribers beyond the limit.")
)

// streamMetrics are those of the subscribers.
type streamMetrics struct{ events *stream.Server }

func (streamMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{publishedDesc, sentDesc, streamLostDesc, subscribersDesc, refusedDesc} {
		to <- d
	}
}

func (m streamMetrics) Collect(to chan<- prometheus.Metric) {
	totals := m.events.Totals()
	count := counter(to)
	for kind, c := range map[string]stream.Counters{"alert": totals.Alerts, "log": totals.Logs, "message": totals.Messages} {
		count(publishedDesc, c.Published, kind)
		count(sentDesc, c.Sent, kind)
		count(streamLostDesc, c.LostSlow, kind, "slow")
		count(streamLostDesc, c.LostGone, kind, "gone")
		count(streamLostDesc, c.LostTooLarge, kind, "too_large")
		to <- prometheus.MustNewConstMetric(subscribersDesc, prometheus.GaugeValue, float64(c.Subscribers), kind)
	}
	count(refusedDesc, totals.Refused)
}

var (
	connectionsDesc = desc("socket_connections", "Connections to the agent's socket now.")
	deniedConnDesc  = desc("socket_connections_refused_total", "Connections that were refused, by cause: peer, neither root nor of the group; limit, too many at once; protocol, neither gRPC nor HTTP, or silent.", "cause")
)

// socketMetrics are those of the connections.
type socketMetrics struct{ listener *socket.Listener }

func (socketMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- connectionsDesc
	to <- deniedConnDesc
}

func (m socketMetrics) Collect(to chan<- prometheus.Metric) {
	c := m.listener.Counters()
	to <- prometheus.MustNewConstMetric(connectionsDesc, prometheus.GaugeValue, float64(c.Open))
	count := counter(to)
	count(deniedConnDesc, c.RefusedPeer, "peer")
	count(deniedConnDesc, c.RefusedLimit, "limit")
	count(deniedConnDesc, c.RefusedProtocol, "protocol")
}
