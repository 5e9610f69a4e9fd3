package feed

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
	"kubearmor.io/api/feeder"
)

// fakeCounters give every counter a value of its own.
func fakeCounters() (enforcer.Counters, error) {
	var c enforcer.Counters
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		v.Field(i).SetUint(uint64(1000 + i))
	}
	return c, nil
}

// serve returns a feed, its socket and what ends it.
func serve(t *testing.T, counters func() (enforcer.Counters, error)) (*Feed, string, func() error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.sock")
	f, err := New(Options{
		Socket:  socket.Options{Path: path, Group: os.Getegid(), Connections: Connections},
		Version: "v1.2.3", Counters: counters,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx) }()
	end := func() error {
		cancel()
		err := <-served
		served <- nil
		return err
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return f, path, end
}

func dial(t *testing.T, path string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// get asks by HTTP and returns the status and the body.
func get(t *testing.T, path, method, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
	request, err := http.NewRequest(method, "http://agent"+url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestASubscriberGetsAlertsUntilTheEnd(t *testing.T) {
	f, path, end := serve(t, fakeCounters)
	conn := dial(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	alerts, err := feeder.NewLogServiceClient(conn).WatchAlerts(ctx, &feeder.RequestMessage{Filter: "all"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Header(); err != nil {
		t.Fatal(err)
	}
	health, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil || health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health %v, %v", health, err)
	}
	f.Alert(event.Alert{Resource: "/bin/\xff", PolicyName: "no-shells"})
	f.Alert(event.Alert{PolicyName: "last"})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no-shells", "last"} {
		a, err := alerts.Recv()
		if err != nil || a.PolicyName != want {
			t.Fatalf("%v, %v; want %s", a, err, want)
		}
	}
	if _, err := alerts.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the end is %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestTheAgentSelectsNothingForOthers(t *testing.T) {
	_, path, _ := serve(t, fakeCounters)
	alerts, err := feeder.NewLogServiceClient(dial(t, path)).WatchAlerts(t.Context(), &feeder.RequestMessage{Source: ".*"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v", err)
	}
}

func TestMetricsTellEveryCounter(t *testing.T) {
	f, path, _ := serve(t, fakeCounters)
	f.Alert(event.Alert{})
	code, body := get(t, path, "GET", "/metrics")
	if code != http.StatusOK {
		t.Fatalf("status %d: %s", code, body)
	}
	for i := range reflect.TypeFor[enforcer.Counters]().NumField() {
		if want := " " + strconv.Itoa(1000+i) + "\n"; !strings.Contains(body, want) {
			t.Errorf("the counter %s is not told", reflect.TypeFor[enforcer.Counters]().Field(i).Name)
		}
	}
	for _, want := range []string{
		`kubearmor_agent_build_info{version="v1.2.3"} 1`,
		`kubearmor_agent_stream_published_total{kind="alert"} 1`,
		`kubearmor_agent_stream_lost_total{cause="slow",kind="alert"} 0`,
		`kubearmor_agent_socket_connections 1`,
		`kubearmor_agent_socket_connections_refused_total{cause="peer"} 0`,
		"go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	_, path, _ := serve(t, fakeCounters)
	if code, _ := get(t, path, "GET", "/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("another path: status %d", code)
	}
	if code, _ := get(t, path, "POST", "/metrics"); code != 0 {
		t.Errorf("another method: status %d", code)
	}
}

func TestCountersThatCannotBeReadAreAnError(t *testing.T) {
	_, path, _ := serve(t, func() (enforcer.Counters, error) { return enforcer.Counters{}, errors.New("the map is gone") })
	if code, body := get(t, path, "GET", "/metrics"); code != http.StatusInternalServerError || !strings.Contains(body, "the map is gone") {
		t.Errorf("status %d: %s", code, body)
	}
}

func TestMetricsAreNamedAsPrometheusAsks(t *testing.T) {
	f, _, _ := serve(t, fakeCounters)
	problems, err := testutil.GatherAndLint(registry(Options{Version: "v", Counters: fakeCounters}, f.events, f.listener))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
