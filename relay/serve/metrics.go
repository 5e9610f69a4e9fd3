package serve

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kubearmor.io/api/stream"
	"kubearmor.io/relay/intake"
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("kubearmor_relay_"+name, help, labels, nil)
}

var (
	infoDesc        = desc("build_info", "Always 1; the label is the relay's version.", "version")
	connectedDesc   = desc("agent_connected", "1 while the agent's events are taken, else 0.")
	connectsDesc    = desc("agent_connects_total", "Connections made to the agent.")
	reconnectsDesc  = desc("agent_reconnects_total", "Connections made to the agent after the first one.")
	receivedDesc    = desc("received_total", "Events taken from the agent, by kind: alert, log, message.", "kind")
	agentLostDesc   = desc("agent_lost_total", "Events of the agent that did not come here, by cause: slow, they were taken too slowly or were too large; disconnected, there was no connection.", "kind", "cause")
	sentDesc        = desc("sent_total", "Events sent, over all subscribers.", "kind")
	lostDesc        = desc("lost_total", "Events that a subscriber did not get, by cause: slow, its queue was full; gone, it ended before; too_large, once for all subscribers.", "kind", "cause")
	subscribersDesc = desc("subscribers", "Subscribers now.", "kind")
	refusedDesc     = desc("subscribers_refused_total", "Subscribers beyond the limit.")
	expiryDesc      = desc("certificate_expiry_timestamp_seconds", "When the relay's certificate ends, in seconds since 1970.")
	failuresDesc    = desc("certificate_failures_total", "Connections that came while the certificate's files could not be used and those read before were.")
)

func (r *Relay) registry(more ...prometheus.Collector) *prometheus.Registry {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(append(more, metrics{r}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))...)
	return registry
}

// metrics are the relay's, each read when it is asked for.
type metrics struct{ relay *Relay }

func (m metrics) Describe(to chan<- *prometheus.Desc) {
	all := []*prometheus.Desc{infoDesc, connectedDesc, connectsDesc, reconnectsDesc, receivedDesc, agentLostDesc, sentDesc, lostDesc, subscribersDesc, refusedDesc}
	if m.relay.options.Certs != nil {
		all = append(all, expiryDesc, failuresDesc)
	}
	for _, d := range all {
		to <- d
	}
}

func (m metrics) Collect(to chan<- prometheus.Metric) {
	in, out := m.relay.intake.Counters(), m.relay.events.Totals()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge(infoDesc, 1, m.relay.options.Version)
	gauge(connectedDesc, map[bool]float64{true: 1}[in.Connected])
	count(connectsDesc, in.Connects)
	count(reconnectsDesc, in.Reconnects)
	for kind, k := range map[string]intake.Kind{"alert": in.Alerts, "log": in.Logs, "message": in.Messages} {
		count(receivedDesc, k.Received, kind)
		count(agentLostDesc, k.LostSlow, kind, "slow")
		count(agentLostDesc, k.LostDisconnected, kind, "disconnected")
	}
	for kind, c := range map[string]stream.Counters{"alert": out.Alerts, "log": out.Logs, "message": out.Messages} {
		count(sentDesc, c.Sent, kind)
		count(lostDesc, c.LostSlow, kind, "slow")
		count(lostDesc, c.LostGone, kind, "gone")
		count(lostDesc, c.LostTooLarge, kind, "too_large")
		gauge(subscribersDesc, float64(c.Subscribers), kind)
	}
	count(refusedDesc, out.Refused)
	if c := m.relay.options.Certs; c != nil {
		gauge(expiryDesc, float64(c.Expiry().Unix()))
		count(failuresDesc, c.Failures())
	}
}
