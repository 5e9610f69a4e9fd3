package bpflsm

import (
	"errors"
	"fmt"
	"strconv"

	"kubearmor.io/agent/hold"
	"kubearmor.io/agent/store"
	"kubearmor.io/policy"
)

// Kinds of records.
const (
	containerRecords = "containers"
	profileRecords   = "profiles"
)

// containerRecord is what the maps do not say of a container. It is written before the maps
// name the container, and removed after: a record without an entry means nothing.
type containerRecord struct {
	Name    string
	ID      uint32
	Dir     string
	Cgroup  uint64
	Origins []originRecord // nil: its mounts are not recorded yet
	// Profile is for agents of another version; this one's finds it in the entry. 0: none.
	Profile uint64
}

// originRecord is an origin.
type originRecord struct {
	Point  []byte // bytes: JSON holds no other names than UTF-8
	Root   []byte
	SB     uint64
	Dentry uint64
	IsRoot bool
	Device bool
	Held   bool // by a mount that outlives the agent
}

// profileRecord is a profile that an image was compiled from, by the number that events have.
type profileRecord struct{ Canonical []byte }

// records is what is kept for the agent after this one; nil keeps nothing.
type records struct {
	store *store.Store
	space *hold.Space
}

func openRecords(dir string) (*records, error) {
	boot, err := store.Boot()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(dir, boot)
	if err != nil {
		return nil, err
	}
	space, err := hold.Open(dir)
	if err != nil {
		return nil, err
	}
	return &records{s, space}, nil
}

func (r *records) close() error {
	if r == nil {
		return nil
	}
	return r.space.Close()
}

func (r *records) putContainer(c *container) error {
	if r == nil {
		return nil
	}
	rec := containerRecord{Name: c.name, ID: c.id, Dir: c.dir, Cgroup: c.cgroup}
	if c.profile != nil {
		rec.Profile = c.profile.id
	}
	for i, o := range c.found {
		rec.Origins = append(rec.Origins, originRecord{
			Point: []byte(o.point), Root: []byte(o.root), SB: o.sb, Dentry: o.dentry, IsRoot: o.isRoot, Device: o.device, Held: i < len(c.held) && c.held[i],
		})
	}
	return r.store.Put(containerRecords, number(uint64(c.id)), rec)
}

func (r *records) dropContainer(id uint32) error {
	if r == nil {
		return nil
	}
	return errors.Join(r.space.Drop(id), r.store.Delete(containerRecords, number(uint64(id))))
}

func (r *records) putProfile(id uint64, p *policy.Profile) error {
	if r == nil {
		return nil
	}
	return r.store.Put(profileRecords, number(id), profileRecord{p.Canonical()})
}

func (r *records) dropProfile(id uint64) error {
	if r == nil {
		return nil
	}
	return r.store.Delete(profileRecords, number(id))
}

// profile reads a profile back.
func (r *records) profile(id uint64) (*policy.Profile, error) {
	var rec profileRecord
	if err := r.store.Get(profileRecords, number(id), &rec); err != nil {
		return nil, err
	}
	return policy.RestoreProfile(rec.Canonical)
}

func (rec *containerRecord) origins() (found []origin, held []bool) {
	for _, o := range rec.Origins {
		found = append(found, origin{point: string(o.Point), root: string(o.Root), sb: o.SB, dentry: o.Dentry, isRoot: o.IsRoot, device: o.Device})
		held = append(held, o.Held)
	}
	return found, held
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// numbers lists the records of a kind that have a number for a name.
func (r *records) numbers(kind string) (all []uint64, err error) {
	names, err := r.store.Names(kind)
	for _, name := range names {
		n, err := strconv.ParseUint(name, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list the agent's records: %w", err)
		}
		all = append(all, n)
	}
	return all, err
}
