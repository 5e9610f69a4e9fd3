package workload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
)

// fakeEnforcer notes what it is asked for, and fails as a test says. It keeps the rules that the
// interface has: Add first, then Record, then Apply.
type fakeEnforcer struct {
	mu       sync.Mutex
	calls    []string
	fail     map[string]error // by the beginning of a call's text
	during   func(call string)
	added    map[string]enforcer.Container
	recorded map[string]bool
	mounts   map[string][]policy.Mount
	profiles map[string]*policy.Profile
}

func newFakeEnforcer() *fakeEnforcer {
	return &fakeEnforcer{
		fail: map[string]error{}, during: func(string) {},
		added: map[string]enforcer.Container{}, recorded: map[string]bool{}, mounts: map[string][]policy.Mount{}, profiles: map[string]*policy.Profile{},
	}
}

var _ enforcer.Enforcer = (*fakeEnforcer)(nil)

func (f *fakeEnforcer) do(call string, then func() error) error {
	f.during(call)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	for begins, err := range f.fail {
		if strings.HasPrefix(call, begins) {
			return err
		}
	}
	return then()
}

func (f *fakeEnforcer) Add(c enforcer.Container) error {
	return f.do(fmt.Sprintf("add %s starting=%v", c.Name, c.Starting), func() error {
		if _, twice := f.added[c.Name]; twice {
			return errors.New("it is protected already")
		}
		f.added[c.Name] = c
		return nil
	})
}

func (f *fakeEnforcer) Record(name string, pid int) error {
	return f.do(fmt.Sprintf("record %s %d", name, pid), func() error {
		if _, ok := f.added[name]; !ok {
			return errors.New("not protected")
		}
		f.recorded[name] = true
		return nil
	})
}

func (f *fakeEnforcer) Mounts(name string) ([]policy.Mount, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.recorded[name] {
		return nil, errors.New("its mounts are not recorded")
	}
	return f.mounts[name], nil
}

func (f *fakeEnforcer) Apply(name string, p *policy.Profile) error {
	var names []string
	for i := range p.Policies {
		names = append(names, p.Policies[i].Ref.Name)
	}
	return f.do(fmt.Sprintf("apply %s %s", name, strings.Join(names, "+")), func() error {
		if !f.recorded[name] {
			return errors.New("its mounts are not recorded")
		}
		f.profiles[name] = p
		return nil
	})
}

func (f *fakeEnforcer) Remove(name string) error {
	return f.do("remove "+name, func() error {
		delete(f.added, name)
		delete(f.recorded, name)
		delete(f.profiles, name)
		return nil
	})
}

func (*fakeEnforcer) Name() string                                       { return "fake" }
func (*fakeEnforcer) Features() policy.Features                          { return policy.Features{} }
func (*fakeEnforcer) Events(context.Context, func(enforcer.Event)) error { return nil }
func (*fakeEnforcer) Counters() (enforcer.Counters, error)               { return enforcer.Counters{}, nil }
func (*fakeEnforcer) Close() error                                       { return nil }

// took returns the calls since the last time.
func (f *fakeEnforcer) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.calls
	f.calls = nil
	return all
}

func (f *fakeEnforcer) failing(call string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.fail, call)
	} else {
		f.fail[call] = err
	}
}

func (f *fakeEnforcer) profile(name string) *policy.Profile {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.profiles[name]
}

var errNo = errors.New("the enforcer says no")

// house is a protector over a fake enforcer, with facts to change and roots in folders.
type house struct {
	t        *testing.T
	enforcer *fakeEnforcer
	*Protector

	mu     sync.Mutex
	facts  Facts
	roots  map[int]string // by process
	groups map[int]string
}

func newHouse(t *testing.T, opt Options, policies ...string) *house {
	t.Helper()
	h := &house{t: t, enforcer: newFakeEnforcer(), roots: map[int]string{}, groups: map[int]string{}}
	opt.Facts = func() Facts {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.facts
	}
	h.Protector = New(h.enforcer, opt)
	h.cgroupOf = func(pid int) (cgroup.Group, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		dir, ok := h.groups[pid]
		if !ok {
			return cgroup.Group{}, os.ErrNotExist
		}
		return cgroup.Group{Dir: dir}, nil
	}
	h.openRoot = func(pid int) (policyset.Root, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		root, err := os.OpenRoot(h.roots[pid])
		if err != nil {
			return policyset.Root{}, err
		}
		return policyset.Root{ReadLinkFS: root.FS().(fs.ReadLinkFS), Closer: root}, nil
	}
	h.set(policies...)
	return h
}

// set changes the policies, which are parsed anew.
func (h *house) set(policies ...string) {
	h.t.Helper()
	var all []*policy.Policy
	for _, text := range policies {
		parsed, err := policy.Parse(strings.NewReader(text), "test")
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, parsed...)
	}
	h.change(func(f *Facts) { f.Policies = all })
}

func (h *house) change(do func(*Facts)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do(&h.facts)
}

// container returns one of the pod of namespace shop that is labelled app=NAME, in a root and
// a cgroup of its own.
func (h *house) container(id, app string, pid int) Container {
	h.t.Helper()
	dir := h.t.TempDir()
	c := Container{
		ID: id, Name: "main", PID: pid, Cgroup: filepath.Join(dir, "cgroup"), Starting: true,
		Pod: Pod{Namespace: "shop", Name: app, UID: "uid-" + id, Labels: map[string]string{"app": app}},
	}
	for _, folder := range []string{c.Cgroup, filepath.Join(dir, "root/usr/bin")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.Cgroup, "cgroup.events"), []byte("populated 1\n"), 0o644); err != nil {
		h.t.Fatal(err)
	}
	h.link(filepath.Join(dir, "root"), "bin", "usr/bin")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.roots[pid], h.groups[pid] = filepath.Join(dir, "root"), c.Cgroup
	return c
}

func (h *house) link(root, name, target string) {
	h.t.Helper()
	if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) start(c Container) {
	h.t.Helper()
	if err := h.Start(h.t.Context(), c); err != nil {
		h.t.Error(err)
	}
}

func (h *house) refresh() {
	h.t.Helper()
	if err := h.Refresh(h.t.Context()); err != nil {
		h.t.Error(err)
	}
}

func (h *house) status(id string) Status {
	h.t.Helper()
	all := h.Status()
	i := slices.IndexFunc(all, func(s Status) bool { return s.Container.ID == id })
	if i < 0 {
		h.t.Fatalf("container %s is not known", id)
	}
	return all[i]
}

// ksp is a policy of namespace shop for what is labelled app=NAME.
func ksp(name, app, path string) string {
	return "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: " + name + ", namespace: shop}\n" +
		"spec: {selector: {matchLabels: {app: " + app + "}}, process: {matchPaths: [{path: " + path + "}]}}\n"
}

// value returns a counter's, or one value of a gauge.
func value(t *testing.T, c prometheus.Collector, name string, label ...string) float64 {
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
			if f.GetName() == name && (len(label) == 0 || m.GetLabel()[0].GetValue() == label[0]) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
