package bpflsm

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// container is one that is protected.
type container struct {
	name    string
	entry   *bpf.EnforcerContainer
	id      uint32
	cgroup  uint64
	dir     string // of the cgroup
	origins []bpf.EnforcerOriginKey
	// pins keep what the origins name from being freed and its address reused.
	pins     []int
	recorded bool
	profile  *installed

	residents int // processes that were labelled as they were in its cgroup before

	found []origin // what the origins were made of
	held  []bool   // which of them outlive this agent
	// restored: it was taken over from an agent before, whose caller has not named it yet.
	restored bool
	// keepRecord: an agent before has recorded its mounts, when it started. What it has mounted
	// since is not its own.
	keepRecord bool
}

func (c *container) unpin() {
	for _, fd := range c.pins {
		_ = unix.Close(fd)
	}
	c.pins = nil
}

// Add implements enforcer.Enforcer.
func (e *Enforcer) Add(c enforcer.Container) error {
	id, err := cgroup.Group{Dir: c.Cgroup}.ID()
	if err != nil {
		return fmt.Errorf("container %s: %w", c.Name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.containers[c.Name]; known != nil {
		if known.restored && known.cgroup == id {
			known.restored = false
			return nil
		}
		return fmt.Errorf("container %s: it is protected already", c.Name)
	}
	if known := e.nameless(id); known != nil {
		return e.name(known, c)
	}
	entry, err := e.entries.take()
	if err != nil {
		return fmt.Errorf("container %s: %w", c.Name, err)
	}
	entry.State = admitting
	if c.Starting {
		entry.State |= starting
	}
	added := &container{name: c.Name, entry: entry, id: entry.Id, cgroup: id, dir: c.Cgroup}
	if err := e.admit(added); err != nil {
		e.entries.give(entry)
		return fmt.Errorf("container %s: %w", c.Name, errors.Join(err, e.records.dropContainer(added.id)))
	}
	e.containers[c.Name] = added
	e.profiles.addContainer(added.id, c.Name)
	return nil
}

// admit makes the tasks in its cgroup the container's.
func (e *Enforcer) admit(c *container) error {
	if err := e.records.putContainer(c); err != nil {
		return err
	}
	if err := e.claim(c); err != nil {
		return err
	}
	if err := e.labelResidents(c); err != nil {
		return errors.Join(err, e.objects.Cgroups.Delete(c.cgroup))
	}
	return nil
}

// starting and admitting are STARTING and ADMITTING of bpf/headers/maps.h.
const (
	starting uint32 = 1 << iota
	admitting
)

// claim makes a cgroup the container's and has the tasks in it found.
func (e *Enforcer) claim(c *container) error {
	err := e.objects.Cgroups.Update(c.cgroup, c.id, ebpf.UpdateNoExist)
	if errors.Is(err, ebpf.ErrKeyExist) {
		return errors.New("its cgroup is another container's")
	}
	if err != nil {
		return fmt.Errorf("register its cgroup: %w", err)
	}
	return e.nextEpoch()
}

// nextEpoch has every task without a container looked up again. The programs move the
// epoch too, by ones: what they add meanwhile is lost, and the stride keeps it from coming to a
// number again that a task may have.
func (e *Enforcer) nextEpoch() error {
	var epoch uint32
	if err := e.objects.Epoch.Get(&epoch); err != nil {
		return fmt.Errorf("have tasks looked up: %w", err)
	}
	if err := e.objects.Epoch.Set(epoch + stride); err != nil {
		return fmt.Errorf("have tasks looked up: %w", err)
	}
	return nil
}

// stride is more than the programs add to a counter between two looks at it.
const stride = 1 << 16

// Apply implements enforcer.Enforcer.
func (e *Enforcer) Apply(name string, p *policy.Profile) error {
	img, err := e.imageOf(p)
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.container(name)
	if err != nil {
		return err
	}
	if !c.recorded {
		return fmt.Errorf("container %s: its mounts are not recorded", name)
	}
	in, err := e.install(p, img)
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	if err := e.putInForce(c, in); err != nil {
		return err
	}
	return e.waitNoLonger(c.id)
}

// putInForce swaps a container's profile. While it does, the record names none, so that an agent
// of another version, which can't read the entry, does not go by the wrong one.
func (e *Enforcer) putInForce(c *container, in *installed) error {
	if err := e.heed(in); err != nil {
		return errors.Join(err, e.heed())
	}
	before := c.profile
	if before != nil {
		c.profile = nil
		if err := e.records.putContainer(c); err != nil {
			c.profile = before
			return err
		}
	}
	in.users++
	c.profile = in
	setProfile(c.entry, in.place.Word())
	return errors.Join(e.records.putContainer(c), e.release(before), e.heed())
}

func (e *Enforcer) container(name string) (*container, error) {
	c := e.containers[name]
	if c == nil {
		return nil, fmt.Errorf("container %s: not protected", name)
	}
	return c, nil
}

// imageOf compiles a profile, unless it is installed. It takes as long as the policies are complex, and
// is called without the lock: other containers don't wait for it. Equal profiles are compiled once.
func (e *Enforcer) imageOf(p *policy.Profile) (*image.Image, error) {
	hash := p.Hash()
	if in := e.profiles.find(hash); in != nil {
		return in.image, nil
	}
	img, err, _ := e.compiling.Do(hash, func() (any, error) { return image.Compile(p) })
	if err != nil {
		return nil, fmt.Errorf("compile the policies: %w", err)
	}
	return img.(*image.Image), nil
}

// install puts a profile's image into a slab; it is shared with other containers that have an equal one.
func (e *Enforcer) install(p *policy.Profile, img *image.Image) (*installed, error) {
	if in := e.profiles.find(img.ProfileHash); in != nil {
		return in, nil
	}
	in := &installed{id: e.profiles.number(), hash: img.ProfileHash, profile: p, image: img, need: needOf(img)}
	err := e.records.putProfile(in.id, p)
	if err != nil {
		return nil, err
	}
	if in.place, err = e.pool.Put(img.Words, in.id); err != nil {
		return nil, errors.Join(fmt.Errorf("load the policies: %w", err), e.records.dropProfile(in.id))
	}
	e.profiles.add(in)
	return in, nil
}

// release gives a profile up for one container, which names another by now.
func (e *Enforcer) release(in *installed) error {
	if in == nil {
		return nil
	}
	if in.users--; in.users > 0 {
		return nil
	}
	e.pool.Free(in.place)
	err := e.pool.Grace()
	e.profiles.retire(in)
	return errors.Join(err, e.records.dropProfile(in.id))
}

// Remove implements enforcer.Enforcer.
func (e *Enforcer) Remove(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.remove(name)
}

func (e *Enforcer) remove(name string) error {
	c, err := e.container(name)
	if err != nil {
		return err
	}
	delete(e.containers, name)
	var errs []error
	if err := e.objects.Cgroups.Delete(c.cgroup); err != nil && !(c.restored && errors.Is(err, ebpf.ErrKeyNotExist)) {
		errs = append(errs, fmt.Errorf("container %s: release its cgroup: %w", name, err))
	}
	e.entries.give(c.entry)
	errs = append(errs, e.release(c.profile), e.forgetOrigins(c))
	e.profiles.retireContainer(c.id)
	c.unpin()
	return errors.Join(append(errs, e.heed(), e.records.dropContainer(c.id), e.waitNoLonger(c.id))...)
}
