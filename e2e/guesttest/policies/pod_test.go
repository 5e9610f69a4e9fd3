//go:build guest

package policies

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/oci"
)

// limit is how long a condition may take under emulation on a busy machine.
const limit = 3 * time.Minute

func TestMain(m *testing.M) { os.Exit(agent.Share("kubearmor-agent", m.Run)) }

// pod is a container, and the agent that enforces policies on it.
type pod struct {
	*container.Container
	t      *testing.T
	agent  *agent.Attached
	folder string // of policies
	mark   int
}

// workload says what runs and as whom the policies see it.
type workload struct {
	image     string
	args      []string // nil: the image's
	namespace string
	labels    string
	files     map[string]container.File
	config    oci.Config // more, where a test needs it
}

// fenceProgram is in every container, and audited everywhere: its event shows that all
// events of what happened before have come.
const fenceProgram = "/fence"

const fencePolicy = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorClusterPolicy
metadata: {name: fence}
spec:
  selector: {}
  process:
    matchPaths: [{path: /fence, action: Audit}]
`

// create makes the container; its program does not run yet.
func create(t *testing.T, w workload) *pod {
	t.Helper()
	config := w.config
	config.ID = strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(t.Name()))
	config.Hostname = "pod" // the kernel takes no more than 64 bytes
	config.Image = "/images/" + w.image
	config.Process.Args = w.args
	files := map[string]container.File{fenceProgram: {From: "/bin/busybox", Mode: 0o755}}
	for path, f := range w.files {
		files[path] = f
	}
	c, err := container.Create(t.Context(), config, files)
	if err != nil {
		t.Fatal(err)
	}
	p := &pod{Container: c, t: t, folder: t.TempDir()}
	t.Cleanup(p.close)
	p.write("fence", fencePolicy)
	return p
}

func (p *pod) close() {
	if p.t.Failed() && p.agent != nil {
		p.t.Logf("the agent said: %s", p.agent.Said())
	}
	var err error
	if p.agent != nil {
		err = p.agent.Stop()
	}
	if err = errors.Join(err, p.Container.Close()); err != nil {
		p.t.Error(err)
	}
}

// start lets the program run.
func (p *pod) start() {
	p.t.Helper()
	if err := p.Start(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// write puts a policy into the folder, whole.
func (p *pod) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.folder, name+".yaml")
	if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o644), os.Rename(path+".new", path)); err != nil {
		p.t.Fatal(err)
	}
}

// enforce attaches the agent with samples, as they are.
func (p *pod) enforce(w workload, samples ...string) {
	p.t.Helper()
	for _, sample := range samples {
		text, err := os.ReadFile("/samples/" + sample + ".yaml")
		if err != nil {
			p.t.Fatal(err)
		}
		p.write(filepath.Base(sample), string(text))
	}
	p.attach(w)
}

func (p *pod) attach(w workload) {
	p.t.Helper()
	var err error
	p.agent, err = agent.Attach(p.t.Context(), "kubearmor-agent", agent.Target{
		PID: p.PID, Name: p.Name, Namespace: w.namespace, Labels: w.labels, Policies: p.folder, Persist: true,
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// running starts the program, waits until it serves, and then enforces.
func running(t *testing.T, w workload, ready func(*pod) error, before func(*pod), samples ...string) *pod {
	t.Helper()
	p := create(t, w)
	p.start()
	p.await(ready)
	before(p)
	p.enforce(w, samples...)
	return p
}

// created enforces before the program's first instruction.
func created(t *testing.T, w workload, samples ...string) *pod {
	t.Helper()
	p := create(t, w)
	p.enforce(w, samples...)
	p.start()
	return p
}

// await waits until the program is ready; one that has ended never will be.
func (p *pod) await(ready func(*pod) error) {
	p.t.Helper()
	err := await.True(p.t.Context(), limit, "the program to serve", func() error {
		err := ready(p)
		if err != nil && !p.Running() {
			output, _ := p.Ended(p.t.Context(), limit)
			return &await.Never{Reason: fmt.Errorf("it ended: %s", output)}
		}
		return err
	})
	if err != nil {
		p.t.Errorf("events: %v", p.events())
		p.t.Fatal(err)
	}
}

// exec runs a program in the container.
func (p *pod) exec(args ...string) container.Result {
	p.t.Helper()
	r, err := p.Exec(p.t.Context(), args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// runs demands that the program starts and ends well.
func (p *pod) runs(args ...string) {
	p.t.Helper()
	if r := p.exec(args...); r.Code != 0 {
		p.t.Errorf("%q must run: %s", args, r)
	}
}

// refuses demands that the program does not start.
func (p *pod) refuses(args ...string) {
	p.t.Helper()
	if r := p.exec(args...); !r.Refused() {
		p.t.Errorf("%q must not start: %s", args, r)
	}
}

// ended waits for the end of a program that can't start, and returns what it printed.
func (p *pod) ended() string {
	p.t.Helper()
	output, err := p.Ended(p.t.Context(), limit)
	if err != nil {
		p.t.Fatal(err)
	}
	return output
}

// readableShadow takes the file's own permissions out of the way, so that the policy
// alone stands between the program and the file.
func (p *pod) readableShadow() { p.chmod("/etc/shadow", 0o644) }

func (p *pod) chmod(name string, mode os.FileMode) {
	p.t.Helper()
	if err := os.Chmod(p.Path(name), mode); err != nil {
		p.t.Fatal(err)
	}
}
