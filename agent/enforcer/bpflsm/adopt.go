package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/go-logr/logr"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// adopt takes over a set that this very build has pinned: programs and maps stay as they are.
func (e *Enforcer) adopt(ctx context.Context, set pinned) (err error) {
	e.links, e.asked, err = set.links()
	if err != nil {
		return err
	}
	if err := e.adoptMaps(set); err != nil {
		return err
	}
	if e.objects.programs, err = set.programs(); err != nil {
		return err
	}
	e.pinned, e.judging = set, true
	if err := e.guardPins(filepath.Dir(set.dir)); err != nil {
		return err
	}
	if err := e.adoptContainers(ctx); err != nil {
		return err
	}
	if err := e.heedAlone(); err != nil { // the agent before may have ended on its way
		return err
	}
	logr.FromContextOrDiscard(ctx).Info("taken over from an agent before", "programs", len(e.links)+len(e.asked), "containers", len(e.containers))
	return nil
}

// adoptMaps opens the pinned maps, and what the agent keeps of them in memory.
func (e *Enforcer) adoptMaps(set pinned) error {
	spec, err := bpf.LoadEnforcer()
	if err != nil {
		return fmt.Errorf("read the embedded programs: %w", err)
	}
	old := map[string]*ebpf.Map{}
	defer func() {
		for _, m := range old {
			m.Close()
		}
	}()
	var to struct {
		bpf.EnforcerMaps
		bpf.EnforcerVariables
		sections
	}
	for name := range mapsOf(&objects{}) {
		if old[name], err = set.mapNamed(name); err != nil {
			return err
		}
		spec.Maps[name].MaxEntries = old[name].MaxEntries() // the sizes that are chosen when loading
	}
	if err := spec.LoadAndAssign(&to, &ebpf.CollectionOptions{MapReplacements: old}); err != nil {
		return fmt.Errorf("take over the maps: %w", err)
	}
	e.objects = objects{EnforcerMaps: to.EnforcerMaps, EnforcerVariables: to.EnforcerVariables, sections: to.sections}
	return e.open(spec)
}

// adoptContainers finds the containers by entries and records: what the maps say holds, what
// only a record says never came into force, and what only the maps say goes on without a name
// until its cgroup is added again.
func (e *Enforcer) adoptContainers(ctx context.Context) error {
	log := logr.FromContextOrDiscard(ctx)
	byID, err := e.recorded()
	if err != nil {
		return err
	}
	held, err := e.records.space.Containers()
	if err != nil {
		return err
	}
	images, err := e.adoptImages(ctx)
	if err != nil {
		return err
	}
	groups, err := registered(e.objects.Cgroups)
	if err != nil {
		return err
	}
	for i := range e.entries.all {
		entry := &e.entries.all[i]
		if entry.Id == 0 {
			continue
		}
		c := e.restore(log, entry, groups[entry.Id], byID, held)
		if entry.State&admitting != 0 { // the agent before ended on its way
			if err := e.labelResidents(c); err != nil {
				return fmt.Errorf("container %s: %w", c.name, err)
			}
		}
		if c.profile = images[entry.Profile]; c.profile != nil {
			c.profile.users++
		}
	}
	if err := e.adoptOrigins(); err != nil {
		return err
	}
	return e.dropEnded(byID, held)
}

// restore makes a container of its entry, and of its record if that is there.
func (e *Enforcer) restore(log logr.Logger, entry *bpf.EnforcerContainer, group uint64, byID map[uint32]containerRecord, held map[uint32]bool) *container {
	c := &container{entry: entry, id: entry.Id, cgroup: group, restored: true}
	if rec, ok := byID[c.id]; ok && rec.Cgroup == c.cgroup {
		c.name, c.dir = rec.Name, rec.Dir
		c.found, c.held = rec.origins()
		c.recorded = c.found != nil && held[c.id] && !slices.Contains(c.held, false)
		c.keepRecord = c.recorded
	} else {
		log.Info("a container is protected and its name is lost; what holds for it goes on until it is added again", "cgroup", c.cgroup)
		c.name = fmt.Sprintf("%s%d", lostName, c.id)
	}
	e.containers[c.name] = c
	e.profiles.addContainer(c.id, c.name)
	return c
}

// lostName begins the name of a container whose record is lost.
const lostName = "lost/"

// recorded reads the records of containers.
func (e *Enforcer) recorded() (map[uint32]containerRecord, error) {
	all := map[uint32]containerRecord{}
	ids, err := e.records.numbers(containerRecords)
	for _, id := range ids {
		var rec containerRecord
		err := e.records.store.Get(containerRecords, number(id), &rec)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[rec.ID] = rec
	}
	return all, err
}

// registered returns the cgroup of each container, of any version's map.
func registered(cgroups *ebpf.Map) (map[uint32]uint64, error) {
	all := map[uint32]uint64{}
	var group uint64
	var id uint32
	for entries := cgroups.Iterate(); ; {
		if !entries.Next(&group, &id) {
			if err := entries.Err(); err != nil {
				return nil, fmt.Errorf("find the containers' cgroups: %w", err)
			}
			return all, nil
		}
		all[id] = group
	}
}

// adoptImages finds the profiles that are in force, by the word that names them.
func (e *Enforcer) adoptImages(ctx context.Context) (map[uint64]*installed, error) {
	var words []uint64
	for i := range e.entries.all {
		words = append(words, e.entries.all[i].Profile)
	}
	found, err := e.pool.Adopt(words)
	if err != nil {
		return nil, err
	}
	all := map[uint64]*installed{}
	for word, a := range found {
		in := &installed{id: a.Profile, place: a.Place, need: need{flags: a.Flags}}
		all[word] = in
		if a.Flags&image.FlagSyscalls != 0 {
			in.need.calls = everyCall()
		}
		p, err := e.records.profile(a.Profile)
		if err == nil {
			in.image, err = image.Compile(p)
		}
		if err != nil {
			logr.FromContextOrDiscard(ctx).Info("the policies of an agent before are in force and can't be read back: their events are not told until they are applied again", "reason", err.Error())
			continue
		}
		in.profile, in.hash, in.need = p, in.image.ProfileHash, needOf(in.image)
		e.profiles.add(in)
	}
	return all, e.dropProfiles(all)
}

// dropProfiles forgets profiles that never came into force.
func (e *Enforcer) dropProfiles(inForce map[uint64]*installed) error {
	used := map[uint64]bool{}
	for _, in := range inForce {
		used[in.id] = true
	}
	ids, err := e.records.numbers(profileRecords)
	for _, id := range ids {
		if !used[id] {
			err = errors.Join(err, e.records.dropProfile(id))
		}
	}
	return err
}

// adoptOrigins finds the containers' names in the kernel, and removes those of none.
func (e *Enforcer) adoptOrigins() error {
	byID := map[uint32]*container{}
	for _, c := range e.containers {
		byID[c.id] = c
	}
	var key bpf.EnforcerOriginKey
	var value bpf.EnforcerOrigin
	var stale []bpf.EnforcerOriginKey
	entries := e.objects.Origins.Iterate()
	for entries.Next(&key, &value) {
		if c := byID[key.Container]; c != nil {
			c.origins = append(c.origins, key)
		} else {
			stale = append(stale, key)
		}
	}
	if err := entries.Err(); err != nil {
		return fmt.Errorf("find the recorded mounts: %w", err)
	}
	return e.forgetOrigins(&container{name: "of before", origins: stale})
}

// dropEnded removes containers whose cgroup is gone, and records that never came into force.
func (e *Enforcer) dropEnded(byID map[uint32]containerRecord, held map[uint32]bool) error {
	alive := map[uint32]bool{}
	for _, c := range e.containers {
		alive[c.id] = true
	}
	var errs []error
	for id := range byID {
		if !alive[id] {
			errs = append(errs, e.records.dropContainer(id))
		}
	}
	for id := range held {
		if !alive[id] {
			errs = append(errs, e.records.dropContainer(id))
		}
	}
	exists, err := cgroupIDs()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for name, c := range e.containers {
		if !exists[c.cgroup] {
			errs = append(errs, e.remove(name))
		}
	}
	return errors.Join(errs...)
}

// cgroupIDs finds every cgroup there is, and removes those of probes that an agent left behind.
func cgroupIDs() (map[uint64]bool, error) {
	root, err := cgroup.Mounted()
	if err != nil {
		return nil, err
	}
	all := map[uint64]bool{}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if strings.HasPrefix(entry.Name(), probe+"-") && os.Remove(name) == nil {
			return fs.SkipDir
		}
		id, err := cgroup.Group{Dir: name}.ID()
		if err == nil {
			all[id] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the cgroups: %w", err)
	}
	return all, nil
}

// nameless finds a container by its cgroup whose name is lost.
func (e *Enforcer) nameless(group uint64) *container {
	for name, c := range e.containers {
		if strings.HasPrefix(name, lostName) && c.cgroup == group {
			return c
		}
	}
	return nil
}

// name gives a container its name back. What holds for it stays, its mounts are recorded again.
func (e *Enforcer) name(c *container, as enforcer.Container) error {
	delete(e.containers, c.name)
	c.name, c.dir, c.restored = as.Name, as.Cgroup, false
	e.containers[c.name] = c
	e.profiles.addContainer(c.id, c.name)
	return e.records.putContainer(c)
}

// Restored lists the containers that were taken over and that no Add has named since.
func (e *Enforcer) Restored() []enforcer.Container {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []enforcer.Container
	for _, c := range e.containers {
		if c.restored {
			all = append(all, enforcer.Container{Name: c.name, Cgroup: c.dir})
		}
	}
	return all
}

// Protected lists all containers.
func (e *Enforcer) Protected() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.containers))
}

// closeLinks gives up the agent's hold on links; those that are pinned stay attached.
func closeLinks(links []link.Link) error {
	var errs []error
	for _, l := range links {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
