package nri

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/net/multiplex"
	"github.com/containerd/ttrpc"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"kubearmor.io/agent/workload"
)

func ids(all []workload.Container) []string {
	var names []string
	for _, c := range all {
		names = append(names, c.ID)
	}
	return names
}

func TestAfterConnectingTheContainersThatRunAreHandedOver(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	m.add("runs", 71, running)
	m.add("paused", 72, api.ContainerState_CONTAINER_PAUSED)
	m.add("kept", 73, running)
	m.add("waits", 74, created)
	m.add("over", 75, stopped)
	m.add("unknown", 76, api.ContainerState_CONTAINER_UNKNOWN)
	m.add("lost", 0, api.ContainerState_CONTAINER_UNKNOWN)
	pod, pause := m.add("pause", 77, running)
	pod.Id, pause.PodSandboxId = "pause", "pause"
	_, strange := m.add("strange", 78, running)
	strange.Pid = 71
	m.add("own", 79, running)
	p := m.plugin(h, fast())
	p.find.own.Dir = m.dir("own")
	p.known = map[string]string{"kept": m.dir("kept"), "ended": m.dir("ended"), "strange": m.dir("strange"), "over": m.dir("over")}
	m.populate("over", false)
	m.run(p)
	all := receive(t, "the containers are handed over", h.synced)
	if diff := cmp.Diff([]string{"runs", "paused", "kept", "unknown"}, ids(all)); diff != "" {
		t.Error(diff)
	}
	for _, c := range all {
		if c.Starting || c.StartedBefore != (c.ID != "kept") || c.Cgroup != m.dir(c.ID) {
			t.Errorf("%s: starting %v, started before its policies %v, in %s", c, c.Starting, c.StartedBefore, c.Cgroup)
		}
	}
	// Those that were known and run no more are stopped; one that is described badly is not.
	gone := []string{receive(t, "a stop", h.stopped), receive(t, "a stop", h.stopped)}
	if diff := cmp.Diff([]string{"ended", "over"}, gone); diff != "" || len(h.stopped) != 0 {
		t.Errorf("%s, and %d more", diff, len(h.stopped))
	}
	if got := metric(t, p, "kubearmor_nri_containers_started_before_policy_total"); got != 3 {
		t.Errorf("%v were started before their policies, want 3", got)
	}
	answered(t, p, hookSync, resultInvalid, 1)
	answered(t, p, hookSync, resultOK, 1)
}

func TestAfterARestartOfTheRuntimeThePluginKnowsWhatHappenedMeanwhile(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	p := m.plugin(h, fast())
	m.run(p)
	receive(t, "the first sync", h.synced)
	for i, id := range []string{"ends", "stays"} {
		pod, c := m.add(id, 71+i, created)
		if err := m.start(pod, c); err != nil {
			t.Fatal(err)
		}
		c.State = running
	}
	m.halt()
	eventually(t, "the end of the connection is noticed", func() bool { return metric(t, p, "kubearmor_nri_connected") == 0 })
	m.forget("ends")
	m.add("began", 73, running)
	m.boot()
	m.connected()
	if got := receive(t, "what ended is stopped", h.stopped); got != "ends" {
		t.Errorf("%s is stopped", got)
	}
	before := map[string]bool{}
	for _, c := range receive(t, "the second sync", h.synced) {
		before[c.ID] = c.StartedBefore
	}
	if diff := cmp.Diff(map[string]bool{"stays": false, "began": true}, before); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]float64{
		"kubearmor_nri_connected": 1, "kubearmor_nri_disconnects_total": 1, "kubearmor_nri_containers_started_before_policy_total": 1,
	} {
		if got := metric(t, p, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	pod, c := m.add("next", 74, created)
	if err := m.start(pod, c); err != nil {
		t.Error(err)
	}
	eventually(t, "a start over the new connection", func() bool { return receive(t, "a start", h.started).ID == "next" })
}

func TestAPluginWaitsForARuntimeThatIsNotThere(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	m.halt()
	p := m.plugin(h, fast())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	eventually(t, "time without a connection passes", func() bool { return metric(t, p, "kubearmor_nri_disconnected_seconds_total") > 0 })
	m.boot()
	m.connected()
	receive(t, "the containers are handed over", h.synced)
	cancel()
	if err := receive(t, "the plugin ends", ended); err != nil {
		t.Error(err)
	}
	if metric(t, p, "kubearmor_nri_connected") != 0 {
		t.Error("it is connected after its end")
	}
}

func TestAFailureOfASyncDoesNotDisconnect(t *testing.T) {
	for name, fail := range map[string]func() error{
		"an error": func() error { return errNo },
		"a panic":  func() error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			m, h := newMachine(t), newFakeHandler()
			h.onSync = fail
			p := m.plugin(h, fast())
			m.run(p)
			stillConnected(t, m, h, p)
		})
	}
}

func TestASlowSyncHoldsUpItsOwnContainersAlone(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	release := make(chan struct{})
	h.onSync = func() error { <-release; return nil }
	p := m.plugin(h, slow(false))
	pod, c := m.add("c1", 71, running)
	m.run(p)
	receive(t, "the sync", h.synced)
	answered(t, p, hookSync, resultLate, 1)
	m.remove(pod, c)
	stillConnected(t, m, h, p)
	if len(h.stopped) != 0 {
		t.Error("it is stopped while it is being put under its policies")
	}
	close(release)
	if got := receive(t, "it is stopped after that", h.stopped); got != "c1" {
		t.Errorf("%s is stopped", got)
	}
}

// A runtime that accepts the registration and goes away before it configures the plugin.
func TestAConnectionThatEndsHalfWayIsGivenUp(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	m.halt()
	listener, err := net.Listen("unix", m.relay.to)
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan struct{}, 10)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go halfWay(c)
			accepted <- struct{}{}
		}
	}()
	p := m.plugin(h, fast())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	receive(t, "a try", accepted)
	receive(t, "another try", accepted)
	listener.Close()
	_ = os.Remove(m.relay.to)
	m.boot()
	m.connected()
	if n := metric(t, p, "kubearmor_nri_disconnects_total"); n != 0 {
		t.Errorf("%v disconnects without a connection", n)
	}
	cancel()
	if err := receive(t, "the plugin ends", ended); err != nil {
		t.Error(err)
	}
}

// halfWay is a runtime that answers a registration and hangs up.
func halfWay(c net.Conn) {
	mux := multiplex.Multiplex(c)
	listener, err := mux.Listen(multiplex.RuntimeServiceConn)
	if err != nil {
		return
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		return
	}
	answered := make(chan struct{})
	api.RegisterRuntimeService(server, registrar{answered})
	go func() {
		<-answered
		// The library sends the answer after this, and does not say when it has.
		time.Sleep(10 * time.Millisecond)
		c.Close()
	}()
	_ = server.Serve(context.Background(), listener)
}

type registrar struct{ answered chan struct{} }

func (r registrar) RegisterPlugin(context.Context, *api.RegisterPluginRequest) (*api.Empty, error) {
	defer close(r.answered)
	return &api.Empty{}, nil
}

func (registrar) UpdateContainers(context.Context, *api.UpdateContainersRequest) (*api.UpdateContainersResponse, error) {
	return nil, errors.ErrUnsupported
}

func TestItIsQuietWhenAllIsWell(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	var mu sync.Mutex
	var lines []string
	ctx := logr.NewContext(context.Background(), funcr.New(func(_, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	}, funcr.Options{}))
	p := m.plugin(h, fast())
	m.runIn(ctx, p)
	pod, c := m.add("c1", 71, created)
	if err := m.start(pod, c); err != nil {
		t.Fatal(err)
	}
	m.populate("c1", false)
	m.stop(pod, c)
	m.remove(pod, c)
	mu.Lock()
	defer mu.Unlock()
	if len(lines) != 1 || !strings.Contains(lines[0], "is connected") {
		t.Errorf("it says:\n%s", strings.Join(lines, "\n"))
	}
}

func TestMetricsAreNamedAsTheyShould(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	p := m.plugin(h, fast())
	m.run(p)
	problems, err := testutil.CollectAndLint(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestTimeWithoutAConnection(t *testing.T) {
	now := time.Unix(1000, 0)
	m := newMetrics(func() time.Time { return now })
	pass := func(d time.Duration) { now = now.Add(d) }
	pass(time.Hour) // before Run nothing counts
	if _, apart := m.state(); apart != 0 {
		t.Errorf("before it began %v", apart)
	}
	m.begin()
	pass(2 * time.Second)
	m.connect()
	pass(time.Hour)
	m.disconnect()
	pass(3 * time.Second)
	if connected, apart := m.state(); connected || apart != 5*time.Second {
		t.Errorf("connected %v, %v without", connected, apart)
	}
}

func TestNewRefusesWhatTheRuntimeWould(t *testing.T) {
	for name, opt := range map[string]Options{
		"a deadline as long as the runtime's": {Deadline: 2 * time.Second},
		"a grace that makes it as long":       {Grace: time.Second},
		"an index that is none":               {Index: "1"},
		"a name that is none":                 {Name: "a/b"},
	} {
		if _, err := New(newFakeHandler(), opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := os.Stat("/proc/self/cgroup"); err != nil {
		t.Skip(err)
	}
	f, err := newFinder()
	if err != nil {
		t.Skip(err)
	}
	if text, err := f.read(os.Getpid()); err != nil || len(text) == 0 || !filepath.IsAbs(f.root) {
		t.Errorf("%q in %s, %v", text, f.root, err)
	}
}
