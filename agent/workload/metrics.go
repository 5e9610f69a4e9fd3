package workload

import "github.com/prometheus/client_golang/prometheus"

// metrics count what happens to containers.
type metrics struct {
	applied, refused, startedOpen, failed prometheus.Counter
}

func newMetrics() metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "kubearmor", Name: name, Help: help})
	}
	return metrics{
		applied:     counter("profiles_applied_total", "Profiles that were put in force on a container, each change counted."),
		refused:     counter("containers_refused_total", "Containers that were not started because their policies could not be put in force (FailClosed)."),
		startedOpen: counter("containers_started_open_total", "Containers that were started without their policies because these could not be put in force (FailOpen)."),
		failed:      counter("profile_failures_total", "Times the policies of a running container could not be put in force; those before stay."),
	}
}

var protectedDesc = prometheus.NewDesc("kubearmor_containers", "Containers of pods that the agent knows, by whether their policies are in force.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (p *Protector) Describe(to chan<- *prometheus.Desc) {
	to <- protectedDesc
	for _, c := range p.metrics.all() {
		c.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (p *Protector) Collect(to chan<- prometheus.Metric) {
	good, bad := 0, 0
	for _, s := range p.Status() {
		if s.Err == nil {
			good++
		} else {
			bad++
		}
	}
	to <- prometheus.MustNewConstMetric(protectedDesc, prometheus.GaugeValue, float64(good), "in_force")
	to <- prometheus.MustNewConstMetric(protectedDesc, prometheus.GaugeValue, float64(bad), "failed")
	for _, c := range p.metrics.all() {
		c.Collect(to)
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.applied, m.refused, m.startedOpen, m.failed}
}
