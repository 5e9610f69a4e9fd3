package nri

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
	nrilog "github.com/containerd/nri/pkg/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/workload"
)

func TestMain(m *testing.M) {
	nrilog.Set(silent{})
	// The runtime has more patience than a busy machine takes from it; what is to be fast is
	// measured against deadlines of the tests' own.
	adaptation.SetPluginRequestTimeout(patience)
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Debugf(context.Context, string, ...any) {}
func (silent) Infof(context.Context, string, ...any)  {}
func (silent) Warnf(context.Context, string, ...any)  {}
func (silent) Errorf(context.Context, string, ...any) {}

// patience is what no condition takes that comes true at all.
const patience = 30 * time.Second

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// receive takes what is sent on a channel.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
		panic("not reached")
	}
}

// fakeHandler notes what it is called with, and does what a test says.
type fakeHandler struct {
	started chan workload.Container
	stopped chan string
	synced  chan []workload.Container

	mu      sync.Mutex
	onStart func(context.Context, workload.Container) error
	onSync  func() error
}

func newFakeHandler() *fakeHandler {
	return &fakeHandler{
		started: make(chan workload.Container, 100), stopped: make(chan string, 100), synced: make(chan []workload.Container, 100),
		onStart: func(context.Context, workload.Container) error { return nil },
		onSync:  func() error { return nil },
	}
}

func (h *fakeHandler) whenStarted(do func(context.Context, workload.Container) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onStart = do
}

func (h *fakeHandler) Start(ctx context.Context, c workload.Container) error {
	h.started <- c
	h.mu.Lock()
	do := h.onStart
	h.mu.Unlock()
	return do(ctx, c)
}

func (h *fakeHandler) Stop(_ context.Context, id string) { h.stopped <- id }

func (h *fakeHandler) Sync(_ context.Context, all []workload.Container) error {
	h.synced <- all
	return h.onSync()
}

// machine is a node: cgroups in a folder, processes, and a runtime that is the real one's half of
// NRI, on a real socket. The plugin reaches it by way of a relay that the test can cut, as the
// end of the runtime's process would.
type machine struct {
	t       *testing.T
	root    string
	socket  string // what the plugin connects to
	runtime *adaptation.Adaptation
	plugins atomic.Int32
	relay   *relay

	mu         sync.Mutex
	groups     map[int]string // text of /proc/PID/cgroup
	pods       []*api.PodSandbox
	containers []*api.Container
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, root: filepath.Join(dir, "cgroup"), socket: filepath.Join(dir, "nri.sock"), groups: map[int]string{}}
	m.relay = &relay{to: filepath.Join(dir, "runtime.sock")}
	listener, err := net.Listen("unix", m.socket)
	if err != nil {
		t.Fatal(err)
	}
	go m.relay.serve(listener)
	m.boot()
	t.Cleanup(func() {
		m.halt()
		listener.Close()
	})
	return m
}

// boot starts the runtime.
func (m *machine) boot() {
	m.t.Helper()
	none := filepath.Join(m.root, "none")
	a, err := adaptation.New("test", "2.2.0", m.synchronize,
		func(context.Context, []*adaptation.ContainerUpdate) ([]*adaptation.ContainerUpdate, error) {
			return nil, nil
		},
		adaptation.WithSocketPath(m.relay.to), adaptation.WithPluginPath(none), adaptation.WithPluginConfigPath(none), adaptation.WithMetrics(m))
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.runtime = a
}

// halt ends the runtime.
func (m *machine) halt() {
	m.runtime.Stop()
	m.plugins.Store(0)
	m.relay.cut()
}

func (m *machine) synchronize(ctx context.Context, with adaptation.SyncCB) error {
	m.mu.Lock()
	pods, containers := slices.Clone(m.pods), slices.Clone(m.containers)
	m.mu.Unlock()
	_, err := with(ctx, pods, containers)
	return err
}

// machine is the runtime's metrics too: they tell when a plugin is among those that are called.
func (m *machine) UpdatePluginCount(n int)                                                 { m.plugins.Store(int32(n)) }
func (*machine) RecordPluginInvocation(string, string, error)                              {}
func (*machine) RecordPluginLatency(string, string, time.Duration)                         {}
func (*machine) RecordPluginAdjustments(_, _ string, _ *api.ContainerAdjustment, _, _ int) {}

// add puts a container on the machine, and a process into its cgroup.
func (m *machine) add(id string, pid int, state api.ContainerState) (*api.PodSandbox, *api.Container) {
	m.t.Helper()
	pod := &api.PodSandbox{
		Id: "pod-" + id, Name: "web-" + id, Namespace: "shop", Uid: "uid-" + id,
		Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"kubearmor-policy": "audited"},
	}
	c := &api.Container{
		Id: id, PodSandboxId: pod.Id, Name: "nginx", State: state, Pid: uint32(pid),
		Labels: map[string]string{"io.kubernetes.container.name": "nginx"}, Image: &api.Image{Name: "docker.io/library/nginx:alpine"},
		Linux: &api.LinuxContainer{CgroupsPath: "kubepods-pod1.slice:crio:" + id},
	}
	path := "/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope"
	if err := os.MkdirAll(filepath.Join(m.root, path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups[pid] = "0::" + path + "\n"
	m.pods, m.containers = append(m.pods, pod), append(m.containers, c)
	m.populate(id, true)
	return pod, c
}

func (m *machine) dir(id string) string {
	return filepath.Join(m.root, "kubepods.slice/kubepods-pod1.slice/crio-"+id+".scope")
}

// populate says whether anything runs in a container.
func (m *machine) populate(id string, runs bool) {
	m.t.Helper()
	text := map[bool]string{true: "populated 1\n", false: "populated 0\n"}[runs]
	if err := os.WriteFile(filepath.Join(m.dir(id), "cgroup.events"), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// forget has the runtime not know a container any more.
func (m *machine) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.containers = slices.DeleteFunc(m.containers, func(c *api.Container) bool { return c.Id == id })
}

func (m *machine) start(pod *api.PodSandbox, c *api.Container) error {
	return m.runtime.StartContainer(m.t.Context(), &adaptation.StartContainerRequest{Pod: pod, Container: c})
}

func (m *machine) stop(pod *api.PodSandbox, c *api.Container) {
	m.t.Helper()
	if _, err := m.runtime.StopContainer(m.t.Context(), &adaptation.StopContainerRequest{Pod: pod, Container: c}); err != nil {
		m.t.Error(err)
	}
}

func (m *machine) remove(pod *api.PodSandbox, c *api.Container) {
	m.t.Helper()
	if err := m.runtime.RemoveContainer(m.t.Context(), &adaptation.RemoveContainerRequest{Pod: pod, Container: c}); err != nil {
		m.t.Error(err)
	}
}

// fast are options for tests: connecting again takes no time, and no deadline is met.
func fast() Options {
	o := Options{Deadline: patience / 3, Grace: time.Second}
	o.Reconnect.Min, o.Reconnect.Max = time.Millisecond, 5*time.Millisecond
	return o
}

// plugin returns a plugin that sees this machine.
func (m *machine) plugin(h Handler, opt Options) *Plugin {
	m.t.Helper()
	opt = opt.withDefaults()
	opt.Socket = m.socket
	return &Plugin{
		handler: h, opt: opt, metrics: newMetrics(time.Now), known: map[string]string{},
		find: finder{root: m.root, own: cgroup.Group{Dir: filepath.Join(m.root, "agent.scope")}, read: func(pid int) ([]byte, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			text, ok := m.groups[pid]
			if !ok {
				return nil, os.ErrNotExist
			}
			return []byte(text), nil
		}},
	}
}

// run runs a plugin until the test ends, and returns when the runtime calls it.
func (m *machine) run(p *Plugin) {
	m.t.Helper()
	m.runIn(context.Background(), p)
}

func (m *machine) runIn(ctx context.Context, p *Plugin) {
	m.t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	m.t.Cleanup(func() {
		cancel()
		if err := receive(m.t, "the plugin ends", ended); err != nil {
			m.t.Error(err)
		}
	})
	m.connected()
}

func (m *machine) connected() {
	m.t.Helper()
	eventually(m.t, "the plugin is connected", func() bool { return m.plugins.Load() == 1 })
}

// relay joins connections until it is cut.
type relay struct {
	to    string
	mu    sync.Mutex
	conns []net.Conn
}

func (r *relay) serve(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("unix", r.to)
		if err != nil {
			in.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, in, out)
		r.mu.Unlock()
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			}()
		}
	}
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

// metric returns a metric's value; of a histogram the count.
func metric(t *testing.T, c prometheus.Collector, name string, labels ...string) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && hasAll(m, labels) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func hasAll(m *dto.Metric, values []string) bool {
	for _, v := range values {
		if !slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == v }) {
			return false
		}
	}
	return true
}

func answered(t *testing.T, p *Plugin, hook, result string, want float64) {
	t.Helper()
	if got := metric(t, p, "kubearmor_nri_handler_duration_seconds", hook, result); got != want {
		t.Errorf("%v calls of %s ended as %s, want %v", got, hook, result, want)
	}
}

var errNo = errors.New("the handler says no")

func waitFor(release <-chan struct{}) func(context.Context, workload.Container) error {
	return func(context.Context, workload.Container) error {
		<-release
		return nil
	}
}
