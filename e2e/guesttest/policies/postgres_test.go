//go:build guest

package policies

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"kubearmor.io/e2e/lab/oci"
)

const postgresPort = 5432

func postgres() workload {
	return workload{image: "postgres", namespace: "database", labels: "app=postgres"}
}

func postgresServes(p *pod) error { return p.sql("SELECT 40 + 2", "42") }

const (
	readShadow = "SELECT pg_read_file('/etc/shadow')"
	runShell   = "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'"
)

// postgresWorks does what a database does all day, in a session of its own.
func (p *pod) postgresWorks() {
	p.t.Helper()
	p.must(
		p.sql("CREATE TABLE IF NOT EXISTS t (n int, at timestamptz DEFAULT now())", ""),
		p.sql("INSERT INTO t SELECT generate_series(1, 1000)", ""),
		p.sql("SELECT count(*) >= 1000 FROM t", "t"),
		p.sql("CREATE INDEX ON t (n)", ""),
		p.sql("SELECT timestamptz '2024-07-01 12:00 Europe/Vienna' AT TIME ZONE 'UTC'", "2024-07-01 10:00:00"),
		p.sql("CHECKPOINT", ""), p.sql("VACUUM ANALYZE t", ""),
	)
}

// postgresIsHeld tries what the policy is there to deny.
func (p *pod) postgresIsHeld() {
	p.t.Helper()
	p.sqlFails(runShell, "")
	p.sqlFails(readShadow, "ermission denied")
	p.refuses("bash", "-c", "exit 0")
	p.refuses("psql", "-c", "SELECT 1")
}

func heldEvents(policy string) []string {
	return []string{
		policy + ": File /etc/shadow", policy + ": Process /usr/bin/dash",
		policy + ": Process /usr/bin/bash", policy + ": Process /usr/share/postgresql-common/pg_wrapper",
	}
}

func TestPostgresHardenedOnRunningPostgreSQL(t *testing.T) {
	before := func(p *pod) {
		p.readableShadow()
		p.must(p.sql(readShadow, "root:"), p.sql(runShell, ""))
		p.postgresWorks()
		p.runs("bash", "-c", "exit 0")
	}
	p := running(t, postgres(), postgresServes, before, "postgres-hardened")
	p.postgresWorks()
	p.reports()
	p.postgresIsHeld()
	p.reports(heldEvents("postgres-hardened")...)
}

func TestPostgresHardenedBeforePostgreSQLStarts(t *testing.T) {
	p := created(t, postgres(), "postgres-hardened")
	if output := p.ended(); !strings.Contains(output, "/usr/share/postgresql/") {
		t.Errorf("PostgreSQL must miss its files below /usr/share, it said: %s", output)
	}
	p.awaits("postgres-hardened: File /usr/share/postgresql/15/timezonesets/Default")
}

func TestCompletedPostgresHardenedStartsServesAndRestarts(t *testing.T) {
	data := dataVolume(t)
	for _, start := range []string{"first start", "restart after a crash"} {
		t.Run(start, func(t *testing.T) {
			w := postgres()
			w.config = oci.Config{Mounts: []specs.Mount{data}}
			p := create(t, w)
			p.readableShadow()
			p.enforce(w, "completed/postgres-hardened")
			p.start()
			p.await(postgresServes)
			p.postgresWorks()
			p.reports()
			p.postgresIsHeld()
			p.reports(heldEvents("postgres-hardened")...)
			if err := p.Signal(t.Context(), "KILL"); err != nil {
				t.Fatal(err)
			}
			p.ended()
		})
	}
}

// dataVolume is the image's data folder on a volume, which outlives a container.
func dataVolume(t *testing.T) specs.Mount {
	t.Helper()
	const data = "/var/lib/postgresql/data"
	volume := filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-a", "/images/postgres/rootfs"+data, volume).CombinedOutput(); err != nil {
		t.Fatalf("copy the data folder: %v: %s", err, out)
	}
	return specs.Mount{Destination: data, Type: "bind", Source: volume, Options: []string{"rbind", "rprivate"}}
}

func TestPostgresHardenedDeniesAPrivilegedPort(t *testing.T) {
	w := postgres()
	w.args = []string{"/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/postgresql/data", "-p", "80"}
	// The server isn't root, so its capability has to be an ambient one.
	w.config = oci.Config{Edit: func(s *specs.Spec) {
		bind := []string{"CAP_NET_BIND_SERVICE"}
		s.Process.Capabilities = &specs.LinuxCapabilities{Bounding: bind, Effective: bind, Permitted: bind, Inheritable: bind, Ambient: bind}
	}}
	t.Run("without the policy it listens", func(t *testing.T) {
		p := create(t, w)
		p.start()
		p.await(func(p *pod) error { return p.sqlOn(80, "SELECT 40 + 2", "42") })
	})
	t.Run("with the policy it does not", func(t *testing.T) {
		p := created(t, w, "completed/postgres-hardened")
		p.ended()
		p.awaits("postgres-hardened: Capabilities CAP_NET_BIND_SERVICE")
	})
}
