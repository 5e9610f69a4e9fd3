package attach

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-logr/logr"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
)

// Options say what to protect and by what.
type Options struct {
	PID      int // a process of the container
	Identity policyset.Identity
	Policies string // folder
	// TakenOver: an agent before has protected it, and what holds for it holds still.
	TakenOver bool
	// Ready is called once, when the first set of policies is in force.
	Ready func() error
}

// settle is how long a folder must be quiet: editors and tools write in several steps.
const settle = 50 * time.Millisecond

// Run protects the container until the context ends or nothing runs in it any more.
func Run(ctx context.Context, e enforcer.Enforcer, opt Options) (err error) {
	log := logr.FromContextOrDiscard(ctx)
	group, err := cgroup.Of(opt.PID)
	if err != nil {
		return err
	}
	if own, err := cgroup.Of(os.Getpid()); err == nil && own == group {
		return fmt.Errorf("process %d is in the agent's own cgroup %s: a container needs one of its own", opt.PID, group.Dir)
	}
	watch, err := watchFolders(opt.Policies, group.Dir)
	if err != nil {
		return err
	}
	defer watch.Close()
	name := opt.Identity.Name
	if err := e.Add(enforcer.Container{Name: name, Cgroup: group.Dir}); err != nil {
		return err
	}
	// What an agent before has put in force stays if this one fails to begin.
	inForce := opt.TakenOver
	defer func() {
		if !inForce {
			err = errors.Join(err, e.Remove(name))
		}
	}()
	if err := e.Record(name, opt.PID); err != nil {
		return err
	}
	if err := apply(log, e, opt); err != nil {
		return err
	}
	if err := opt.Ready(); err != nil {
		return err
	}
	inForce = false
	log.Info("ready", "container", name, "cgroup", group.Dir)
	return follow(ctx, e, opt, group, watch)
}

// watchFolders follows the policies, and the state of the cgroup.
func watchFolders(policies, group string) (*fsnotify.Watcher, error) {
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("follow the policies: %w", err)
	}
	for _, name := range []string{policies, filepath.Join(group, "cgroup.events")} {
		if err := watch.Add(name); err != nil {
			return nil, errors.Join(fmt.Errorf("follow %s: %w", name, err), watch.Close())
		}
	}
	return watch, nil
}

// follow applies the folder after each change of it.
func follow(ctx context.Context, e enforcer.Enforcer, opt Options, group cgroup.Group, watch *fsnotify.Watcher) error {
	log := logr.FromContextOrDiscard(ctx)
	quiet := time.NewTimer(settle)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-watch.Events:
			if filepath.Base(ev.Name) != "cgroup.events" {
				quiet.Reset(settle)
				continue
			}
			if populated, err := group.Populated(); err == nil && !populated {
				log.Info("the container has ended", "container", opt.Identity.Name)
				return nil
			}
		case err := <-watch.Errors:
			log.Error(err, "following the policies; reading them again")
			quiet.Reset(settle)
		case <-quiet.C:
			if err := apply(log, e, opt); err != nil {
				log.Error(err, "the policies are refused; those before stay in force", "container", opt.Identity.Name)
			}
		}
	}
}

// apply puts the folder's policies in force, all of them or none.
func apply(log logr.Logger, e enforcer.Enforcer, opt Options) error {
	all, err := policyset.Dir(opt.Policies)
	if err != nil {
		return err
	}
	selected := policyset.Selected(all, opt.Identity)
	recorded, err := e.Mounts(opt.Identity.Name)
	if err != nil {
		return err
	}
	profile, err := policyset.ProfileOf(selected, opt.PID, recorded)
	if err != nil {
		return err
	}
	if err := e.Apply(opt.Identity.Name, profile); err != nil {
		return err
	}
	for _, u := range policy.Supports(profile, e.Features()) {
		log.Info("not enforced", "policy", u.Policy.String(), "field", u.Field, "reason", u.Reason, "partly", u.Partly)
	}
	for _, p := range all {
		if p.Kind == policy.KindHostPolicy {
			log.Info("not enforced", "policy", p.Ref.String(), "reason", "it concerns the host, not a container")
		}
	}
	log.Info("in force", "container", opt.Identity.Name, "policies", len(selected), "profile", profile.Hash()[:12])
	return nil
}
