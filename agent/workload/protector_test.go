package workload

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"kubearmor.io/policy"
)

func (h *house) wants(calls ...string) {
	h.t.Helper()
	if diff := cmp.Diff(calls, h.enforcer.took()); diff != "" {
		h.t.Errorf("the enforcer was called otherwise: %s", diff)
	}
}

func TestWhenStartReturnsTheProfileIsInForce(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"), ksp("other", "db", "/bin/sh"))
	h.start(h.container("c1", "web", 71))
	h.wants("add c1 starting=true", "record c1 71", "apply c1 no-sh")
	// Its rules are resolved in its own root.
	if got := h.enforcer.profile("c1").Policies[0].Rules[0].Match.Path; got != "/usr/bin/sh" {
		t.Errorf("the rule is for %s", got)
	}
	s := h.status("c1")
	if s.Err != nil || s.Profile != h.enforcer.profile("c1").Hash() || len(s.Policies) != 1 || s.Policies[0].Name != "no-sh" {
		t.Errorf("status %+v", s)
	}
	h.Stop(t.Context(), "c1")
	h.wants("remove c1")
	h.Stop(t.Context(), "c1")
	h.wants()
	if c, err := h.Find("c1"); err != nil || c.Pod.Name != "web" {
		t.Errorf("after its end it is %v, %v", c, err)
	}
	if _, err := h.Find("c2"); err == nil {
		t.Error("a container is found that never was")
	}
}

func TestAContainerWithoutPoliciesIsReadyForThem(t *testing.T) {
	h := newHouse(t, Options{})
	h.start(h.container("c1", "web", 71))
	h.wants("add c1 starting=true", "record c1 71", "apply c1 ")
	h.set(ksp("no-sh", "web", "/bin/sh"))
	h.refresh()
	h.wants("apply c1 no-sh")
}

func TestExemptNamespacesAreLeftAlone(t *testing.T) {
	h := newHouse(t, Options{Exempt: []string{"kube-system", "shop"}}, ksp("no-sh", "web", "/bin/sh"))
	c := h.container("c1", "web", 71)
	h.start(c)
	if err := h.Sync(t.Context(), []Container{c}); err != nil {
		t.Error(err)
	}
	h.wants()
}

func TestAChangeOfPoliciesConcernsWhomTheySelect(t *testing.T) {
	web, db := ksp("no-sh", "web", "/bin/sh"), ksp("no-cat", "db", "/bin/cat")
	h := newHouse(t, Options{}, web, db)
	h.start(h.container("c1", "web", 71))
	h.start(h.container("c2", "db", 72))
	h.enforcer.took()
	h.set(web, db) // read again, the same
	h.refresh()
	h.wants()
	h.set(strings.Replace(web, "/bin/sh", "/bin/ash", 1), db)
	h.refresh()
	h.wants("apply c1 no-sh")
	h.set(web, db, ksp("more", "db", "/bin/ls"))
	h.refresh()
	h.wants("apply c1 no-sh", "apply c2 more+no-cat")
	h.set(db)
	h.refresh()
	h.wants("apply c1 ", "apply c2 no-cat")
}

func TestLabelsOfTheClusterSupersedeThoseOfTheRuntime(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	c := h.container("c1", "db", 71)
	h.start(c)
	h.wants("add c1 starting=true", "record c1 71", "apply c1 ")
	h.change(func(f *Facts) { f.Pods = map[string]PodFacts{"uid-c1": {Labels: map[string]string{"app": "web"}}} })
	h.refresh()
	h.wants("apply c1 no-sh")
	// The runtime tells what the pod was created with, whenever it tells.
	c.Starting = false
	if err := h.Sync(t.Context(), []Container{c}); err != nil {
		t.Error(err)
	}
	h.wants()
}

func TestAPodsAnnotationAuditsOrDisables(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	mode := func(value string) {
		h.change(func(f *Facts) {
			f.Pods = map[string]PodFacts{"uid-c1": {Labels: map[string]string{"app": "web"}, Annotations: map[string]string{AnnotationPolicy: value}}}
		})
		h.refresh()
	}
	c := h.container("c1", "web", 71)
	c.Pod.Annotations = map[string]string{AnnotationPolicy: "audited"}
	h.start(c)
	if p := h.enforcer.profile("c1"); p.Policies[0].Mode != policy.ModeAudit {
		t.Error("the policies of an audited pod are enforced")
	}
	mode("enabled")
	if p := h.enforcer.profile("c1"); p.Policies[0].Mode != policy.ModeEnforce {
		t.Error("the policies of an enabled pod are not enforced")
	}
	mode("disabled")
	if p := h.enforcer.profile("c1"); len(p.Policies) != 0 {
		t.Error("a disabled pod has policies")
	}
	mode("dissabled")
	if p := h.enforcer.profile("c1"); len(p.Policies) != 1 || p.Policies[0].Mode != policy.ModeEnforce {
		t.Error("what is not understood turned policies off")
	}
}

func TestANamespaceSaysPosturesAndBaseline(t *testing.T) {
	const block, audit = policy.PostureBlock, policy.PostureAudit
	for name, c := range map[string]struct {
		defaults    Defaults
		annotations map[string]string
		postures    policy.Postures
		baseline    bool
		strange     int
	}{
		"nothing":                         {Defaults{}, nil, policy.Postures{}, true, 0},
		"the configuration":               {Defaults{Postures: policy.Postures{policy.Network: audit}, NoBaseline: true}, nil, policy.Postures{policy.Network: audit}, false, 0},
		"process is file's, if it is not": {Defaults{}, map[string]string{"kubearmor-file-posture": "audit"}, policy.Postures{policy.Process: audit, policy.File: audit}, true, 0},
		"process of its own": {Defaults{}, map[string]string{"kubearmor-file-posture": "audit", "kubearmor-process-posture": "block"},
			policy.Postures{policy.Process: block, policy.File: audit}, true, 0},
		"it overrides the configuration": {Defaults{Postures: policy.Postures{audit, audit, audit, audit}, NoBaseline: true},
			map[string]string{"kubearmor-network-posture": "block", "kubearmor-capabilities-posture": "block", "kubearmor-file-baseline": "runtime"},
			policy.Postures{policy.Process: audit, policy.File: audit}, true, 0},
		"no baseline": {Defaults{}, map[string]string{"kubearmor-file-baseline": "none"}, policy.Postures{}, false, 0},
		"what is unknown is block, and said": {Defaults{Postures: policy.Postures{audit, audit, audit, audit}},
			map[string]string{"kubearmor-network-posture": "allow", "kubearmor-file-posture": "", "kubearmor-file-baseline": "all"},
			policy.Postures{policy.Capabilities: audit}, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, Options{Defaults: c.defaults}, ksp("no-sh", "web", "/bin/sh"))
			h.change(func(f *Facts) { f.Namespaces = map[string]Namespace{"shop": {Annotations: c.annotations}} })
			h.start(h.container("c1", "web", 71))
			got := h.enforcer.profile("c1")
			if got.Postures != c.postures || (len(got.Baseline) > 0) != c.baseline {
				t.Errorf("postures %v and %d lines of baseline, want %v and %v", got.Postures, len(got.Baseline), c.postures, c.baseline)
			}
			facts := h.opt.Facts()
			v, err := facts.judge(h.status("c1").Container, "", c.defaults, &h.digests)
			if err != nil || len(v.strange) != c.strange {
				t.Errorf("not understood: %v, %v", v.strange, err)
			}
		})
	}
}

func TestWhatFailsRefusesTheContainer(t *testing.T) {
	for _, call := range []string{"add", "record", "apply"} {
		h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
		h.enforcer.failing(call, errNo)
		err := h.Start(t.Context(), h.container("c1", "web", 71))
		if !errors.Is(err, errNo) || !strings.Contains(err.Error(), "shop/web/main (c1)") {
			t.Errorf("%s: error %v", call, err)
		}
		if n := len(h.enforcer.added); n != 0 || len(h.Status()) != 0 {
			t.Errorf("%s: %d containers are left, %d are known", call, n, len(h.Status()))
		}
		if got := value(t, h, "kubearmor_containers_refused_total"); got != 1 {
			t.Errorf("%s: %v counted", call, got)
		}
	}
}

func TestFailingOpenTheContainerStartsAndItIsTriedAgain(t *testing.T) {
	for _, call := range []string{"add", "record", "apply"} {
		h := newHouse(t, Options{FailOpen: true, RetryEvery: time.Hour}, ksp("no-sh", "web", "/bin/sh"))
		h.enforcer.failing(call, errNo)
		h.start(h.container("c1", "web", 71))
		if s := h.status("c1"); !errors.Is(s.Err, errNo) || s.Profile != "" || !s.Container.StartedBefore {
			t.Errorf("%s: status %+v", call, s)
		}
		if got := value(t, h, "kubearmor_containers_started_open_total"); got != 1 {
			t.Errorf("%s: %v counted", call, got)
		}
		if got := value(t, h, "kubearmor_containers", "failed"); got != 1 {
			t.Errorf("%s: %v are told as failed", call, got)
		}
		h.enforcer.failing(call, nil)
		h.enforcer.took()
		runUntil(t, h.Protector, func() bool { return h.status("c1").Profile != "" })
		// Its program runs by now: nothing of it is set-up.
		if calls := h.enforcer.took(); call == "add" && calls[0] != "add c1 starting=false" {
			t.Errorf("%v", calls)
		}
		if s := h.status("c1"); s.Err != nil {
			t.Errorf("%s: %v", call, s.Err)
		}
	}
}

// runUntil runs the protector until a condition holds.
func runUntil(t *testing.T, p *Protector, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWithoutTimeLeftNothingIsBegun(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	ctx, cancel := context.WithCancel(t.Context())
	h.enforcer.during = func(call string) {
		if strings.HasPrefix(call, "record") {
			cancel()
		}
	}
	if err := h.Start(ctx, h.container("c1", "web", 71)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	h.wants("add c1 starting=true", "record c1 71", "remove c1")
}

func TestAProcessThatIsAnothersByNowIsNoticed(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	c := h.container("c1", "web", 71)
	h.groups[71] = c.Cgroup + "-of-another"
	if err := h.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "not in the container's cgroup") {
		t.Errorf("error %v", err)
	}
	h.wants("add c1 starting=true", "record c1 71", "remove c1")
	// Below its own cgroup it is its own.
	h.groups[71] = c.Cgroup + "/inner"
	h.start(c)
}

func TestAnErrorOfOneIsNoOthers(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	a, b := h.container("a", "web", 71), h.container("b", "web", 72)
	h.enforcer.failing("record a", errNo)
	err := h.Sync(t.Context(), []Container{a, b})
	if !errors.Is(err, errNo) || strings.Contains(err.Error(), "(b)") {
		t.Errorf("error %v", err)
	}
	if h.enforcer.profile("b") == nil || h.status("a").Err == nil {
		t.Error("the second was not reached, or the first's error is not told")
	}
	h.enforcer.failing("record a", nil)
	h.refresh() // it is tried again
	if h.enforcer.profile("a") == nil {
		t.Error("the first has no profile")
	}
	h.enforcer.failing("apply a", errNo)
	h.set(ksp("no-sh", "web", "/bin/ash"))
	if err := h.Refresh(t.Context()); !errors.Is(err, errNo) || !strings.Contains(err.Error(), "keeps") {
		t.Errorf("error %v", err)
	}
	if got := h.enforcer.profile("b").Policies[0].Rules[0].Match.Path; got != "/usr/bin/ash" {
		t.Errorf("the second's rule is for %s", got)
	}
	if got := value(t, h, "kubearmor_profile_failures_total"); got != 2 {
		t.Errorf("%v failures are counted", got)
	}
}

func TestWhatHasEndedIsNoFailureOfARefresh(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	c := h.container("c1", "web", 71)
	h.start(c)
	delete(h.groups, 71)
	if err := os.WriteFile(filepath.Join(c.Cgroup, "cgroup.events"), []byte("populated 0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h.set(ksp("no-sh", "web", "/bin/ash"))
	h.refresh()
}

func TestWhatAnAgentBeforeProtectedKeepsWhatItHas(t *testing.T) {
	h := newHouse(t, Options{Restored: []string{"ended", "runs"}}, ksp("no-sh", "web", "/bin/sh"))
	h.refresh()
	h.wants()
	c := h.container("runs", "web", 71)
	c.Starting = false
	if err := h.Sync(t.Context(), []Container{c}); err != nil {
		t.Error(err)
	}
	h.wants("add runs starting=false", "record runs 71", "apply runs no-sh")
	h.Stop(t.Context(), "ended")
	h.wants("remove ended")
}

func TestContainersDoNotWaitForEachOther(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	a, b := h.container("a", "web", 71), h.container("b", "web", 72)
	inside, release := make(chan struct{}), make(chan struct{})
	h.enforcer.during = func(call string) {
		if strings.HasPrefix(call, "record a") {
			close(inside)
			<-release
		}
	}
	done := make(chan error, 2)
	go func() { done <- h.Start(t.Context(), a) }()
	<-inside
	h.start(b) // returns, although a does not
	if n := len(h.Status()); n != 2 {
		t.Errorf("%d are known", n)
	}
	if c, err := h.Find("a"); err != nil || c.Name != "main" {
		t.Errorf("while it is started it is %v, %v", c, err)
	}
	stopped := make(chan struct{})
	go func() { h.Stop(t.Context(), "a"); close(stopped) }()
	select {
	case <-stopped:
		t.Error("it was stopped while it was started")
	default:
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	<-stopped
	if calls := h.enforcer.took(); calls[len(calls)-1] != "remove a" {
		t.Errorf("%v", calls)
	}
}

// A change that comes while a container starts is not missed.
func TestAChangeDuringAStartIsApplied(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	refreshed := make(chan error, 1)
	once := false
	h.enforcer.during = func(call string) {
		if strings.HasPrefix(call, "apply") && !once {
			once = true
			h.set(ksp("newer", "web", "/bin/sh"))
			go func() { refreshed <- h.Refresh(context.Background()) }()
		}
	}
	h.start(h.container("c1", "web", 71))
	if err := <-refreshed; err != nil {
		t.Error(err)
	}
	if got := h.status("c1").Policies; len(got) != 1 || got[0].Name != "newer" {
		t.Errorf("in force are %v", got)
	}
}

func TestMetricsAreNamedAsTheyShould(t *testing.T) {
	problems, err := testutil.CollectAndLint(newHouse(t, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}
