package nri

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/go-logr/logr"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/workload"
)

// hooks is what the runtime calls, over one connection.
type hooks struct {
	plugin  *Plugin
	session *session
}

// Configure refuses to go on with a connection that was given up.
func (h *hooks) Configure(context.Context, string, string, string) (api.EventMask, error) {
	if h.session.isLost() {
		return 0, errLost
	}
	return 0, nil // all that there are hooks for
}

// StartContainer is called while the container's first process waits.
func (h *hooks) StartContainer(ctx context.Context, pod *api.PodSandbox, c *api.Container) error {
	if isSandbox(pod, c) {
		return nil
	}
	p, began := h.plugin, time.Now()
	log := logr.FromContextOrDiscard(ctx)
	w, err := p.container(pod, c)
	if errors.Is(err, errOwn) {
		return nil
	}
	if err != nil {
		p.metrics.observe(hookStart, resultInvalid, began)
		return p.undecided(log, err)
	}
	w.Starting = true
	err = p.start(ctx, w)
	var fault *panicked
	switch {
	case errors.As(err, &fault):
		log.Error(err, "the handler of containers panicked", "container", w.String(), "stack", string(fault.stack))
		return p.undecided(log, fmt.Errorf("container %s: %w", w, err))
	case errors.Is(err, errLate):
		return p.undecided(log, fmt.Errorf("container %s: its policies were not in force within %v; the agent goes on preparing them, and a new try is faster", w, p.opt.Deadline))
	}
	return err
}

// undecided answers for a container that no handler has decided on.
func (p *Plugin) undecided(log logr.Logger, err error) error {
	if p.opt.FailOpen {
		log.Error(err, "a container starts without its policies, as configured (FailOpen)")
		return nil
	}
	log.Error(err, "a container is refused, as configured (FailClosed)")
	return err
}

// start hands a container over, and undoes that if it does not start.
func (p *Plugin) start(ctx context.Context, w workload.Container) error {
	deadline, grace := p.opt.Deadline, p.opt.Grace
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end)
		deadline, grace = min(deadline, left/2), min(grace, left/4)
	}
	// What the runtime cancels is undone by Stop; the handler's time is its own.
	base := context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(base, deadline)
	c := call{hook: hookStart, ids: []string{w.ID}, work: func(late bool) error {
		defer cancel()
		if late { // failing open: its program runs by now
			w.Starting, w.StartedBefore, limited = false, true, base
			p.metrics.before.Inc()
		}
		p.know(w.ID, w.Cgroup)
		err := p.handler.Start(limited, w)
		var fault *panicked
		if err != nil && !errors.As(err, &fault) {
			p.forget(w.ID)
		}
		return err
	}}
	if !p.opt.FailOpen {
		c.unwanted = func() {
			p.forget(w.ID)
			p.handler.Stop(base, w.ID)
		}
	}
	err := p.do(base, deadline+grace, c)
	var fault *panicked
	if errors.As(err, &fault) && !p.opt.FailOpen {
		p.stop(base, w.ID)
	}
	return err
}

// StopContainer is called when a container is stopped or has ended, by some runtimes while it
// still runs: then it is over when it is removed.
func (h *hooks) StopContainer(ctx context.Context, _ *api.PodSandbox, c *api.Container) ([]*api.ContainerUpdate, error) {
	if dir, ok := h.plugin.knows(c.GetId()); ok && isEmpty(dir) {
		h.plugin.stop(ctx, c.GetId())
	}
	return nil, nil
}

// RemoveContainer is called when there is no such container any more.
func (h *hooks) RemoveContainer(ctx context.Context, _ *api.PodSandbox, c *api.Container) error {
	if dir, ok := h.plugin.knows(c.GetId()); ok {
		if !isEmpty(dir) {
			logr.FromContextOrDiscard(ctx).Info("the runtime removed a container in whose cgroup something runs: it is under no policies any more", "container", c.GetId(), "cgroup", dir)
		}
		h.plugin.stop(ctx, c.GetId())
	}
	return nil
}

// isEmpty says whether nothing runs in a cgroup. Of one that can't be asked it is not known.
func isEmpty(dir string) bool {
	populated, err := cgroup.Group{Dir: dir}.Populated()
	return err == nil && !populated
}

// stop has the handler forget a container. The runtime is not kept waiting for it, nor told.
func (p *Plugin) stop(ctx context.Context, id string) {
	base := context.WithoutCancel(ctx)
	err := p.do(base, p.opt.Deadline, call{hook: hookStop, ids: []string{id}, work: func(bool) error {
		p.forget(id)
		p.handler.Stop(base, id)
		return nil
	}})
	if err != nil && !errors.Is(err, errLate) {
		logr.FromContextOrDiscard(ctx).Error(err, "stopping a container", "container", id)
	}
}

// Synchronize is called once, after connecting. The runtime is never told of a failure: it would
// disconnect, and the same would come again.
func (h *hooks) Synchronize(ctx context.Context, pods []*api.PodSandbox, containers []*api.Container) ([]*api.ContainerUpdate, error) {
	p, log := h.plugin, logr.FromContextOrDiscard(ctx)
	running, gone := p.compare(log, pods, containers)
	var ids []string
	before := 0
	for _, w := range running {
		ids = append(ids, w.ID)
		p.know(w.ID, w.Cgroup)
		if w.StartedBefore {
			before++
		}
	}
	p.metrics.before.Add(float64(before))
	base := context.WithoutCancel(ctx)
	err := p.do(base, p.opt.Deadline, call{hook: hookSync, ids: slices.Concat(gone, ids), work: func(bool) error {
		for _, id := range gone {
			p.forget(id)
			p.handler.Stop(base, id)
		}
		return p.handler.Sync(base, running)
	}})
	if err != nil && !errors.Is(err, errLate) {
		log.Error(err, "some containers that run are not under their policies")
	}
	h.session.synchronized()
	log.Info("the container runtime is connected", "containers", len(running), "startedBefore", before, "ended", len(gone))
	return nil, nil
}

// compare returns the containers that run, and those that were known and run no more. One that
// can't be described keeps what it has.
func (p *Plugin) compare(log logr.Logger, pods []*api.PodSandbox, containers []*api.Container) (running []workload.Container, gone []string) {
	byID := map[string]*api.PodSandbox{}
	for _, pod := range pods {
		byID[pod.GetId()] = pod
	}
	ended := p.allKnown()
	for _, c := range containers {
		pod, id := byID[c.GetPodSandboxId()], c.GetId()
		dir, known := ended[id]
		if isSandbox(pod, c) || known && c.GetState() == api.ContainerState_CONTAINER_STOPPED && isEmpty(dir) {
			continue
		}
		delete(ended, id)
		if !runs(c) {
			continue
		}
		began := time.Now()
		w, err := p.container(pod, c)
		switch {
		case errors.Is(err, errOwn):
		case err != nil:
			p.metrics.observe(hookSync, resultInvalid, began)
			log.Error(err, "a container that runs is left as it is")
		default:
			w.StartedBefore = !known
			running = append(running, w)
		}
	}
	for id := range ended {
		gone = append(gone, id)
	}
	slices.Sort(gone)
	return running, gone
}

// runs says whether a container's program has been started and has not ended.
func runs(c *api.Container) bool {
	switch c.GetState() {
	case api.ContainerState_CONTAINER_RUNNING, api.ContainerState_CONTAINER_PAUSED:
		return true
	case api.ContainerState_CONTAINER_UNKNOWN:
		return c.GetPid() > 0
	}
	return false
}
