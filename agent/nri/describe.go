package nri

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/nri/pkg/api"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/workload"
)

// isSandbox tells what holds a pod's namespaces (pause) from its containers. It goes by the IDs,
// which the runtime gives: labels and annotations a pod can choose.
func isSandbox(pod *api.PodSandbox, c *api.Container) bool {
	return c.GetId() == c.GetPodSandboxId() || c.GetId() == pod.GetId()
}

// describe makes a Container of what the runtime says. The cgroup is missing.
func describe(pod *api.PodSandbox, c *api.Container) (workload.Container, error) {
	w := workload.Container{
		ID: c.GetId(), Name: c.GetName(), Labels: maps.Clone(c.GetLabels()), Image: c.GetImage().GetName(), PID: int(c.GetPid()),
		Pod: workload.Pod{
			Namespace: pod.GetNamespace(), Name: pod.GetName(), UID: pod.GetUid(),
			Labels: maps.Clone(pod.GetLabels()), Annotations: maps.Clone(pod.GetAnnotations()),
		},
	}
	if pod == nil {
		return w, errors.New("the runtime names no pod")
	}
	return w, w.Check()
}

// finder finds containers' cgroups.
type finder struct {
	root string       // where the unified hierarchy is mounted
	own  cgroup.Group // the agent's
	read func(pid int) ([]byte, error)
}

// errOwn says that a container is the agent's own.
var errOwn = errors.New("it is the agent's own container")

// group returns the folder of a container's cgroup: what the kernel says of its process and what
// the runtime says have to agree, so that a number that is another process's by now is noticed.
func (f finder) group(id string, pid int, cgroupsPath string) (string, error) {
	if pid <= 0 {
		return "", errors.New("the runtime names no process of it: update the runtime")
	}
	declared, err := cgroup.Declared(cgroupsPath)
	if err != nil {
		return "", err
	}
	// A cgroup of several containers is none's.
	if !strings.Contains(filepath.Base(declared), id) {
		return "", fmt.Errorf("the runtime names its cgroup %s, which is not named by its ID", declared)
	}
	text, err := f.read(pid)
	if err != nil {
		return "", fmt.Errorf("find the cgroup of its process %d (does the agent run in the host's PID namespace?): %w", pid, err)
	}
	path, err := cgroup.Locate(string(text), declared)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(f.root, path)
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("its cgroup: %w", err)
	}
	switch {
	case !info.IsDir():
		return "", fmt.Errorf("its cgroup %s is no folder", dir)
	case (cgroup.Group{Dir: dir}).Contains(f.own):
		return "", errOwn
	}
	return dir, nil
}

// container describes a container and finds its cgroup.
func (p *Plugin) container(pod *api.PodSandbox, c *api.Container) (workload.Container, error) {
	w, err := describe(pod, c)
	if err == nil {
		w.Cgroup, err = p.find.group(w.ID, w.PID, c.GetLinux().GetCgroupsPath())
	}
	if err != nil {
		// Only what was checked is told as it is.
		return w, fmt.Errorf("container %.64q of pod %.64q in namespace %.64q: %w", c.GetId(), pod.GetName(), pod.GetNamespace(), err)
	}
	return w, nil
}
