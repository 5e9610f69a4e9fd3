//go:build guest

package attacks

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

const (
	containerName = "intruder"
	limit         = 5 * time.Minute // loading takes more than two where a guest shares its processor
)

const withheld = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: withheld, namespace: default}
spec:
  selector: {}
  file:
    matchDirectories: [{dir: /secret/, recursive: true}, {dir: /volume/secret/, recursive: true}, {dir: /volume/kept/, recursive: true, readOnly: true},
      {dir: /second/, recursive: true}, {dir: /volume/inner/, recursive: true}]
  process:
    matchPaths: [{path: /opt/tool}, {path: /opt/tool-two}, {path: /opt/tool-three}, {path: /opt/tool-four}]
  network:
    matchProtocols: [{protocol: udp}, {protocol: raw}]
  capabilities:
    matchCapabilities: [{capability: net_admin}]
  presets:
  - {name: protectProc}
  - {name: protectEnv}
  - {name: filelessExec}
  - {name: anonymousMapExec}
  action: Block
`

// place is a container with everything that a policy of ours does not take away: all
// capabilities, the host's cgroups, a folder of the host's.
type place struct {
	*container.Container
	t      *testing.T
	volume string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	// On a disk: files in memory are never forgotten, which one way needs.
	volume, err := os.MkdirTemp("/var/tmp", "volume-")
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, volume: volume}
	if err := p.layOut(); err != nil {
		t.Fatal(err)
	}
	config := oci.Config{
		ID: containerName, Image: "/images/busybox", Privileged: true, Process: image.Process{Args: []string{"/bin/sleep", "1000000"}},
		Share: []specs.LinuxNamespaceType{specs.CgroupNamespace},
		Mounts: []specs.Mount{
			{Destination: hostGroups, Type: "bind", Source: "/sys/fs/cgroup", Options: []string{"rbind", "rw"}},
			{Destination: "/volume", Type: "bind", Source: p.volume, Options: []string{"rbind", "rw"}},
			{Destination: "/inner", Type: "bind", Source: p.volume + "/inner", Options: []string{"rbind", "rw"}},
			{Destination: "/first", Type: "bind", Source: p.volume + "/twice", Options: []string{"rbind", "rw"}},
			{Destination: "/second", Type: "bind", Source: p.volume + "/twice", Options: []string{"rbind", "rw"}},
		},
	}
	self := container.File{From: "/proc/self/exe", Mode: 0o755}
	text := container.File{Text: secretSays + "\n"}
	p.Container, err = container.Run(t.Context(), config, map[string]container.File{
		"/intruder": self, tool: self, granted: self, argued: self, guarded: text, programs + "/x": {}, secret: text, "/secret/empty": {}, "/work/x": {},
		"/secret/ \x01\n\\*?[\xff\xfe": text,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	deep := strings.TrimSuffix(deepName(), "/file")
	err = errors.Join(p.makeDeep(deep), os.MkdirAll(p.volume+"/secret", 0o755), makeBeyond(p.volume+"/secret"),
		os.WriteFile(p.volume+"/secret/file", []byte(secretSays), 0o644),
		os.MkdirAll(p.volume+"/kept", 0o755), os.WriteFile(p.volume+"/kept/file", nil, 0o644), p.furnish())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// makeDeep makes a folder whose name on the host would be too long.
func (p *place) makeDeep(dir string) error {
	r, err := p.Exec(p.t.Context(), "sh", "-c", "set -e; cd /; for d in "+strings.ReplaceAll(dir[1:], "/", " ")+"; do mkdir -p $d; cd $d; done; echo "+secretSays+" > file")
	if err == nil && r.Code != 0 {
		err = errors.New(r.String())
	}
	return err
}

// layOut makes the folders that are mounted, and one beside the volume that is not.
func (p *place) layOut() error {
	beside := p.volume + "-beside"
	var err error
	for _, dir := range []string{beside, p.volume + "/inner", p.volume + "/twice"} {
		err = errors.Join(err, os.MkdirAll(dir, 0o755), os.WriteFile(dir+"/file", []byte(secretSays), 0o644))
	}
	return errors.Join(err, copyTo(beside+"/tool", "/proc/self/exe"), tellBeside(beside, p.volume+"/beside"))
}

// furnish brings what a try uses up.
func (p *place) furnish() error {
	self := container.File{From: "/proc/self/exe", Mode: 0o755}
	return errors.Join(p.Put(toolTwo, self), p.Put(toolThree, self), p.Put(toolFour, self), p.Put("/secret/spare", container.File{}), p.Put("/secret/spare-two", container.File{}))
}

// sweep tries every way of a group in the container.
func (p *place) sweep(group string) map[string]string {
	p.t.Helper()
	stop := p.openSecretOnDemand()
	defer stop()
	r, err := p.Exec(p.t.Context(), "/intruder", sweepCommand, group)
	if err != nil {
		p.t.Fatal(err)
	}
	var outcome map[string]string
	if err := json.Unmarshal([]byte(r.Stdout), &outcome); err != nil {
		p.t.Fatalf("%v: %s", err, r)
	}
	return outcome
}

// openSecretOnDemand opens the secret from outside whenever the container asks for it.
func (p *place) openSecretOnDemand() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	asked, file := p.Path("/work/open-secret"), p.Path(secret)
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if os.Remove(asked) == nil {
				_, _ = os.ReadFile(file)
			}
			time.Sleep(await.Interval)
		}
	}()
	return func() { cancel(); <-ended }
}

// attach puts policies in force.
func (p *place) attach(policies ...string) {
	p.t.Helper()
	folder := p.t.TempDir()
	for i, policy := range policies {
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(i)+".yaml"), []byte(policy), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	a, err := agent.Attach(p.t.Context(), "kubearmor-agent", agent.Target{PID: p.PID, Name: containerName, Namespace: "default", Policies: folder})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			p.t.Error(err)
		}
	})
}

// settle starts a resident and waits until it idles.
func (p *place) settle(name string) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if r, err := p.Exec(ctx, "/intruder", waitCommand, name); ctx.Err() == nil && (err != nil || r.Code != 0) {
			p.t.Errorf("%s: %v %s", name, err, r)
		}
	}()
	p.t.Cleanup(func() { cancel(); <-ended })
	p.appears(readyFile(name))
}

func (p *place) appears(name string) string {
	p.t.Helper()
	var text []byte
	err := await.True(p.t.Context(), limit, name, func() (err error) {
		text, err = os.ReadFile(p.Path(name))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func TestNoWayRoundAPolicy(t *testing.T) {
	p := newPlace(t)
	before := p.sweep(groupWays)
	for _, w := range residents() {
		p.settle(w.name)
	}
	p.attach(withheld, sourceRules, argumentRules)
	if err := p.furnish(); err != nil {
		t.Fatal(err)
	}
	p.residents()
	after := p.sweep(groupWays)
	if r, err := p.Exec(p.t.Context(), granted, tryCommand, "a tcp socket"); err != nil || r.Code != 0 {
		t.Errorf("the program that may create TCP sockets must go on: %v %s", err, r)
	}
	if r, err := p.Exec(p.t.Context(), argued, harmlessWord); err != nil || r.Code != 0 {
		t.Errorf("a program with an argument that it may have must go on: %v %s", err, r)
	}
	if r, err := p.Exec(p.t.Context(), "cat", guarded); err != nil || r.Code != 0 {
		t.Errorf("a program that the file is not withheld from must go on: %v %s", err, r)
	}
	compare(t, ways(), before, after)
}

func TestNoWayThroughTheOutside(t *testing.T) {
	p := newPlace(t)
	before := p.sweep(groupOutside)
	p.attach(withheld)
	compare(t, outsideWays(), before, p.sweep(groupOutside))
}

func TestNoWayRoundAnEndpointRule(t *testing.T) {
	p := newPlace(t)
	before := p.sweep(groupNetwork)
	p.attach(unreachable)
	compare(t, networkWays(), before, p.sweep(groupNetwork))
	for name, failed := range p.sweep(groupControls) {
		if failed != "" {
			t.Errorf("%s must go on working: %s", name, failed)
		}
	}
}

// compare judges what became of ways without a policy and with it.
func compare(t *testing.T, ways []way, before, after map[string]string) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			if w.lacking != 0 && strings.Contains(before[w.name], w.lacking.Error()) {
				t.Skip("this kernel has no such thing: ", before[w.name])
			}
			if before[w.name] != "" {
				t.Errorf("without the policy it must succeed, or nothing is shown: %s", before[w.name])
			}
			switch failed := after[w.name]; {
			case failed == "" && !w.open:
				t.Error("it got round the policy")
			case failed != "" && w.open:
				t.Errorf("it is held (%s): take it from docs/limits.md, and from the open ones here", failed)
			// "access denied" says Go where its own memory is denied.
			case failed != "" && !strings.Contains(failed, "permission denied") && !strings.Contains(failed, "not permitted") && !strings.Contains(failed, "access denied"):
				t.Errorf("it failed for another reason: %s", failed)
			}
		})
	}
}

// residents has the idle ones act, now that the policy is in force.
func (p *place) residents() {
	p.t.Helper()
	moved := "idle and moved out by another"
	r, err := p.Exec(p.t.Context(), "sh", "-c", "echo $(cat "+readyFile(moved)+") > "+hostGroups+"/cgroup.procs")
	if err != nil || r.Code != 0 {
		p.t.Fatalf("move another: %v %s", err, r)
	}
	for _, w := range residents() {
		p.t.Run(w.name, func(t *testing.T) {
			if err := p.Put(goFile(w.name), container.File{}); err != nil {
				t.Fatal(err)
			}
			if said := p.appears(saidFile(w.name)); !strings.Contains(said, "permission denied") {
				t.Errorf("it must be denied: %s", said)
			}
		})
	}
}
