package nri

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
	"github.com/google/go-cmp/cmp"

	"kubearmor.io/agent/workload"
)

const created, running, stopped = api.ContainerState_CONTAINER_CREATED, api.ContainerState_CONTAINER_RUNNING, api.ContainerState_CONTAINER_STOPPED

func TestAStartWaitsForTheHandlerAndTellsItTheContainer(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	release := make(chan struct{})
	h.whenStarted(waitFor(release))
	p := m.plugin(h, fast())
	m.run(p)
	pod, c := m.add("c1", 71, created)
	done := make(chan error, 1)
	go func() { done <- m.start(pod, c) }()
	got := receive(t, "the handler is called", h.started)
	want := workload.Container{
		ID: "c1", Name: "nginx", Labels: map[string]string{"io.kubernetes.container.name": "nginx"},
		Image: "docker.io/library/nginx:alpine", PID: 71, Cgroup: m.dir("c1"), Starting: true,
		Pod: workload.Pod{
			Namespace: "shop", Name: "web-c1", UID: "uid-c1",
			Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"kubearmor-policy": "audited"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	select {
	case err := <-done:
		t.Errorf("the container started (%v) while the handler was at work", err)
	default:
	}
	close(release)
	if err := receive(t, "the start ends", done); err != nil {
		t.Error(err)
	}
	answered(t, p, hookStart, resultOK, 1)
}

func TestAHandlersErrorAbortsTheStartAndNothingElse(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	p := m.plugin(h, fast())
	m.run(p)
	h.whenStarted(func(_ context.Context, c workload.Container) error {
		if c.ID == "c1" {
			return errNo
		}
		return nil
	})
	pod, c := m.add("c1", 71, created)
	if err := m.start(pod, c); err == nil || !strings.Contains(err.Error(), errNo.Error()) {
		t.Errorf("the start ended with %v", err)
	}
	if _, known := p.knows("c1"); known {
		t.Error("a container that did not start is known")
	}
	pod, c = m.add("c2", 72, created)
	if err := m.start(pod, c); err != nil {
		t.Error(err)
	}
	answered(t, p, hookStart, resultError, 1)
	answered(t, p, hookStart, resultOK, 1)
}

func TestAHandlerThatPanicsDecidesNothing(t *testing.T) {
	for name, open := range map[string]bool{"failing closed": false, "failing open": true} {
		t.Run(name, func(t *testing.T) {
			m, h := newMachine(t), newFakeHandler()
			opt := fast()
			opt.FailOpen = open
			p := m.plugin(h, opt)
			m.run(p)
			h.whenStarted(func(context.Context, workload.Container) error { panic("a bug") })
			pod, c := m.add("c1", 71, created)
			err := m.start(pod, c)
			if open && err != nil || !open && (err == nil || !strings.Contains(err.Error(), "a bug")) {
				t.Errorf("the start ended with %v", err)
			}
			if !open {
				receive(t, "what was begun is undone", h.stopped)
			}
			answered(t, p, hookStart, resultPanic, 1)
			stillConnected(t, m, h, p)
		})
	}
}

// stillConnected sees the runtime call the plugin, over the connection that it had.
func stillConnected(t *testing.T, m *machine, h *fakeHandler, p *Plugin) {
	t.Helper()
	h.whenStarted(func(context.Context, workload.Container) error { return nil })
	pod, c := m.add("next", 99, created)
	// Where the deadline is short, a busy machine needs more than one try.
	eventually(t, "the next container starts", func() bool { return m.start(pod, c) == nil })
	eventually(t, "it was handed over", func() bool { return receive(t, "a start", h.started).ID == "next" })
	if n := metric(t, p, "kubearmor_nri_disconnects_total"); n != 0 {
		t.Errorf("disconnected %v times", n)
	}
}

func slow(open bool) Options {
	opt := fast()
	opt.FailOpen = open
	opt.Deadline, opt.Grace = 400*time.Millisecond, 50*time.Millisecond
	return opt
}

func TestASlowHandlerFailsTheStartOfItsContainerAlone(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	release := make(chan struct{})
	h.whenStarted(waitFor(release))
	p := m.plugin(h, slow(false))
	m.run(p)
	pod, c := m.add("c1", 71, created)
	if err := m.start(pod, c); err == nil || !strings.Contains(err.Error(), "shop/web-c1/nginx") || !strings.Contains(err.Error(), "400ms") {
		t.Errorf("the start ended with %v", err)
	}
	answered(t, p, hookStart, resultLate, 1)
	stillConnected(t, m, h, p)
	if _, known := p.knows("c1"); !known {
		t.Error("it is forgotten while the handler starts it")
	}
	close(release)
	eventually(t, "what came too late is undone", func() bool { return receive(t, "a stop", h.stopped) == "c1" })
	eventually(t, "it is forgotten", func() bool { _, known := p.knows("c1"); return !known })
}

func TestFailingOpenASlowHandlerKeepsTheContainer(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	release := make(chan struct{})
	h.whenStarted(waitFor(release))
	p := m.plugin(h, slow(true))
	m.run(p)
	pod, c := m.add("c1", 71, created)
	if err := m.start(pod, c); err != nil {
		t.Errorf("the start ended with %v", err)
	}
	stillConnected(t, m, h, p)
	close(release)
	receive(t, "the handler ends", p.order.idle())
	if _, known := p.knows("c1"); !known || len(h.stopped) != 0 {
		t.Errorf("known: %v; %d were stopped", known, len(h.stopped))
	}
}

func TestAHandlerThatHeedsItsDeadlineDecidesItself(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	opt := fast()
	opt.Deadline, opt.Grace = 200*time.Millisecond, patience
	p := m.plugin(h, opt)
	m.run(p)
	h.whenStarted(func(ctx context.Context, c workload.Container) error {
		<-ctx.Done()
		if c.ID == "c1" {
			return errNo
		}
		return nil
	})
	for id, want := range map[string]bool{"c1": false, "c2": true} {
		pod, c := m.add(id, 71, created)
		if err := m.start(pod, c); (err == nil) != want || err != nil && !strings.Contains(err.Error(), errNo.Error()) {
			t.Errorf("the start of %s ended with %v", id, err)
		}
	}
	answered(t, p, hookStart, resultError, 1)
	answered(t, p, hookStart, resultOK, 1)
}

func TestARuntimeOfLittlePatienceIsAnsweredSooner(t *testing.T) {
	adaptation.SetPluginRequestTimeout(4 * time.Second)
	t.Cleanup(func() { adaptation.SetPluginRequestTimeout(patience) })
	m, h := newMachine(t), newFakeHandler()
	release := make(chan struct{})
	defer close(release)
	h.whenStarted(waitFor(release))
	p := m.plugin(h, fast())
	m.run(p)
	pod, c := m.add("c1", 71, created)
	if err := m.start(pod, c); err == nil || !strings.Contains(err.Error(), "its policies were not in force") {
		t.Errorf("the start ended with %v", err)
	}
	stillConnected(t, m, h, p)
}

func TestWhatTheRuntimeSaysIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*machine, *api.PodSandbox, *api.Container){
		"an ID that leads elsewhere": func(_ *machine, _ *api.PodSandbox, c *api.Container) { c.Id = "../../c1" },
		"a cgroup that leads elsewhere": func(_ *machine, _ *api.PodSandbox, c *api.Container) {
			c.Linux.CgroupsPath = "/kubepods.slice/../c1"
		},
		"a cgroup of many containers": func(_ *machine, _ *api.PodSandbox, c *api.Container) {
			c.Linux.CgroupsPath = "/kubepods.slice"
		},
		"the process of another container": func(m *machine, _ *api.PodSandbox, c *api.Container) {
			m.add("other", 72, running)
			c.Pid = 72
		},
		"a process that is gone": func(_ *machine, _ *api.PodSandbox, c *api.Container) { c.Pid = 1 << 30 },
		"no process":             func(_ *machine, _ *api.PodSandbox, c *api.Container) { c.Pid = 0 },
		"a cgroup that is gone": func(m *machine, _ *api.PodSandbox, c *api.Container) {
			c.Linux.CgroupsPath = "/gone/c1"
			m.groups[71] = "0::/gone/c1\n"
		},
		"a name with an escape": func(_ *machine, _ *api.PodSandbox, c *api.Container) { c.Name = "a\x1b[2J" },
		"no namespace":          func(_ *machine, p *api.PodSandbox, _ *api.Container) { p.Namespace = "" },
		"labels without end": func(_ *machine, p *api.PodSandbox, _ *api.Container) {
			p.Labels["x"] = strings.Repeat("a", workload.MaxTexts)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, open := range []bool{false, true} {
				m, h := newMachine(t), newFakeHandler()
				opt := fast()
				opt.FailOpen = open
				p := m.plugin(h, opt)
				m.run(p)
				pod, c := m.add("c1", 71, created)
				spoil(m, pod, c)
				if err := m.start(pod, c); (err == nil) != open {
					t.Errorf("failing open %v, the start ended with %v", open, err)
				}
				if len(h.started) != 0 {
					t.Error("the handler was called")
				}
				answered(t, p, hookStart, resultInvalid, 1)
			}
		})
	}
}

func TestSandboxesAndTheAgentAreNotHandedOver(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	p := m.plugin(h, fast())
	m.run(p)
	pod, sandbox := m.add("c1", 71, created)
	pod.Id = sandbox.Id
	sandbox.PodSandboxId = sandbox.Id
	if err := m.start(pod, sandbox); err != nil {
		t.Error(err)
	}
	pod, agent := m.add("c2", 72, created)
	p.find.own.Dir = m.dir("c2") + "/inner"
	if err := m.start(pod, agent); err != nil {
		t.Error(err)
	}
	// What a pod says of itself makes it no sandbox.
	pod, c := m.add("c3", 73, created)
	for _, key := range []string{"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType", "io.cri-containerd.kind"} {
		c.Annotations, c.Labels[key] = map[string]string{key: "sandbox"}, "sandbox"
	}
	if err := m.start(pod, c); err != nil {
		t.Error(err)
	}
	if got := receive(t, "a start", h.started); got.ID != "c3" || len(h.started) != 0 {
		t.Errorf("handed over: %s, and %d more", got, len(h.started))
	}
}

func TestAContainerIsStoppedWhenNothingRunsInIt(t *testing.T) {
	m, h := newMachine(t), newFakeHandler()
	p := m.plugin(h, fast())
	m.run(p)
	for i, id := range []string{"c1", "c2"} {
		pod, c := m.add(id, 71+i, created)
		if err := m.start(pod, c); err != nil {
			t.Fatal(err)
		}
		m.stop(pod, c)
		if len(h.stopped) != 0 {
			t.Fatal("stopped while its program runs")
		}
		if id == "c1" {
			m.populate(id, false)
			m.stop(pod, c)
		} else {
			m.remove(pod, c) // whatever the cgroup says
		}
		if got := receive(t, "it is stopped", h.stopped); got != id {
			t.Errorf("%s is stopped", got)
		}
		m.remove(pod, c)
		m.stop(pod, c)
	}
	receive(t, "all is done", p.order.idle())
	if len(h.stopped) != 0 {
		t.Error("stopped twice")
	}
	answered(t, p, hookStop, resultOK, 2)
}
