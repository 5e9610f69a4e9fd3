package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/feed"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
	apistream "kubearmor.io/api/stream"
	"kubearmor.io/karmor/command"
	"kubearmor.io/relay/certs"
	"kubearmor.io/relay/certs/certtest"
	"kubearmor.io/relay/serve"
)

// during runs something until the test ends, which it has to survive.
func during(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// newAgent makes a feed without an enforcer: the tests are the source of its events.
func newAgent(t *testing.T, path string) *feed.Feed {
	t.Helper()
	fakeCounters := func() (enforcer.Counters, error) { return enforcer.Counters{Events: 4711}, nil }
	f, err := feed.New(feed.Options{
		Socket:  socket.Options{Path: path, Group: os.Getegid(), Connections: feed.Connections},
		Version: "test", Counters: fakeCounters,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func startAgent(t *testing.T, path string) *feed.Feed {
	t.Helper()
	f := newAgent(t, path)
	during(t, f.Serve)
	return f
}

// startRelay runs a relay that answers clients of the authority, and waits until it has the agent.
func startRelay(t *testing.T, path string, authority *certtest.Authority) (clients, web string) {
	t.Helper()
	dir := t.TempDir()
	authority.Write(t, dir, "relay")
	source, err := certs.Open(certs.Files{
		Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), CA: filepath.Join(dir, "ca.crt"),
	}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	relay, err := serve.New(serve.Options{
		Version: "test", Socket: path, Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Certs: source,
		Limits: apistream.DefaultLimits, Connections: 16, MinWait: time.Millisecond, MaxWait: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	during(t, relay.Run)
	grpcAddr, webAddr := relay.Addresses()
	await(t, "the relay is not ready", func() bool {
		code, _ := get(t, webAddr.String(), "/readyz")
		return code == http.StatusOK
	})
	return grpcAddr.String(), webAddr.String()
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatal(what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// karmorLogs starts karmor with a client's certificate, waits until the relay has its
// subscription, and returns what awaits its end.
func karmorLogs(t *testing.T, clients, web string, authority *certtest.Authority, flags ...string) (end func() string) {
	t.Helper()
	dir := t.TempDir()
	authority.Write(t, dir, "client")
	root := command.New("karmor", "")
	root.SetArgs(append([]string{"logs", "--gRPC", clients, "--secure", "--tlsCertPath", dir}, flags...))
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(t.Context()) }()
	await(t, "karmor does not subscribe", func() bool {
		_, body := get(t, web, "/metrics")
		return strings.Contains(body, `kubearmor_relay_subscribers{kind="alert"} 1`)
	})
	return func() string {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("karmor: %v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("karmor does not end")
		}
		return out.String()
	}
}

func denial() event.Alert {
	return event.Alert{
		Timestamp: 1779682499, UpdatedTime: "2026-05-25T04:14:59.566130Z", HostName: "node-1", NamespaceName: "shop", PodName: "web-5d",
		Labels: "app=web", ContainerName: "nginx", Type: event.TypeMatchedPolicy, PolicyName: "no-shells", Source: "/usr/sbin/nginx",
		Resource: "/bin/sh", Operation: event.OperationProcess, Action: event.ActionBlock, Enforcer: event.EnforcerBPFLSM,
		EventData: map[string]string{event.DataRule: "spec.process.matchPaths[0]"}, Result: event.ResultPermissionDenied,
	}
}

func TestAnEventComesFromTheAgentToKarmor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	agent := startAgent(t, path)
	authority := certtest.NewAuthority(t, "kubearmor")
	clients, web := startRelay(t, path, authority)
	other := denial()
	other.NamespaceName = "other"

	t.Run("as text", func(t *testing.T) {
		end := karmorLogs(t, clients, web, authority, "--limit", "1", "-n", "^shop$", "-l", "app=web")
		agent.Alert(other)
		agent.Alert(denial())
		want := `== Alert / 2026-05-25 04:14:59.566130 ==
HostName: node-1
NamespaceName: shop
PodName: web-5d
Labels: app=web
ContainerName: nginx
Type: MatchedPolicy
PolicyName: no-shells
Source: /usr/sbin/nginx
Resource: /bin/sh
Operation: Process
Action: Block
EventData: map[rule:"spec.process.matchPaths[0]"]
Enforcer: BPFLSM
Result: Permission denied
PPID: 0
UID: 0
`
		if got := end(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
	await(t, "the first client's subscription stays", func() bool {
		_, body := get(t, web, "/metrics")
		return strings.Contains(body, `kubearmor_relay_subscribers{kind="alert"} 0`)
	})
	t.Run("as JSON", func(t *testing.T) {
		end := karmorLogs(t, clients, web, authority, "--json", "--limit", "2")
		agent.Alert(denial())
		agent.Alert(other)
		lines := strings.Split(strings.TrimSuffix(end(), "\n"), "\n")
		if len(lines) != 2 {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		for i, want := range []event.Alert{denial(), other} {
			var got event.Alert
			if err := json.Unmarshal([]byte(lines[i]), &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s\n%v", lines[i], err)
			}
		}
	})
	if _, body := get(t, web, "/metrics"); !strings.Contains(body, `kubearmor_relay_received_total{kind="alert"} 4`) {
		t.Errorf("the relay's metrics are\n%s", body)
	}
	if code, body := get(t, web, "/metrics/agent"); code != http.StatusOK || !strings.Contains(body, "kubearmor_agent_events_total 4711\n") {
		t.Errorf("the agent's metrics, status %d, are\n%s", code, body)
	}
}

func TestARelayAnswersNobodyWithoutACertificate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	startAgent(t, path)
	authority := certtest.NewAuthority(t, "kubearmor")
	clients, _ := startRelay(t, path, authority)
	strange := t.TempDir()
	certtest.NewAuthority(t, "strange").Write(t, strange, "client")
	for name, flags := range map[string][]string{
		"in the clear": {},
		"with a certificate of another's authority": {"--secure", "--tlsCertPath", strange},
	} {
		root := command.New("karmor", "")
		root.SetArgs(append([]string{"logs", "--gRPC", clients}, flags...))
		err := root.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), clients) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHealthFollowsTheAgent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	authority := certtest.NewAuthority(t, "kubearmor")
	ctx, endAgent := context.WithCancel(t.Context())
	agent := newAgent(t, path)
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(ctx) }()
	clients, web := startRelay(t, path, authority)
	conn, err := grpc.NewClient(clients, grpc.WithTransportCredentials(credentials.NewTLS(authority.Client(t))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	health := grpc_health_v1.NewHealthClient(conn)
	is := func(service string, want grpc_health_v1.HealthCheckResponse_ServingStatus) func() bool {
		return func() bool {
			got, err := health.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
			return err == nil && got.Status == want
		}
	}
	await(t, "the service does not become well", is("feeder.LogService", grpc_health_v1.HealthCheckResponse_SERVING))
	endAgent()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	await(t, "the service stays well without an agent", is("feeder.LogService", grpc_health_v1.HealthCheckResponse_NOT_SERVING))
	await(t, "the relay itself is not well", is("", grpc_health_v1.HealthCheckResponse_SERVING))
	if code, _ := get(t, web, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz: status %d", code)
	}
	if code, body := get(t, web, "/metrics/agent"); code != http.StatusBadGateway || !strings.Contains(body, path) {
		t.Errorf("/metrics/agent: status %d, %s", code, body)
	}
	startAgent(t, path)
	await(t, "the relay does not connect again", is("feeder.LogService", grpc_health_v1.HealthCheckResponse_SERVING))
	if _, body := get(t, web, "/metrics"); !strings.Contains(body, "kubearmor_relay_agent_reconnects_total 1\n") {
		t.Errorf("the reconnection is not counted:\n%s", body)
	}
}
