package serve

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"kubearmor.io/api/stream"
	"kubearmor.io/relay/certs"
	"kubearmor.io/relay/certs/certtest"
)

func TestMetricsAreNamedAsPrometheusAsks(t *testing.T) {
	dir := t.TempDir()
	certtest.NewAuthority(t, "ours").Write(t, dir, "relay")
	source, err := certs.Open(certs.Files{
		Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), CA: filepath.Join(dir, "ca.crt"),
	}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{
		Socket: filepath.Join(dir, "agent.sock"), Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Certs: source,
		Limits: stream.DefaultLimits, Connections: 1, MinWait: time.Second, MaxWait: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.listen.Close()
	defer r.ping.Close()
	problems, err := testutil.GatherAndLint(r.registry())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(r.registry(), "kubearmor_relay_certificate_expiry_timestamp_seconds", "kubearmor_relay_agent_lost_total"); err != nil || n != 7 {
		t.Errorf("%d metrics, %v", n, err)
	}
}
