package bpflsm

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"kubearmor.io/bpf"
)

// entries is the memory of the map in which the programs look a container up. It is mapped
// because one aligned store is what swaps a profile; a map update copies by bytes.
type entries struct {
	memory []byte
	all    []bpf.EnforcerContainer
	used   []bool
}

var errTooMany = errors.New("too many containers")

func mapEntries(m *ebpf.Map) (*entries, error) {
	n := int(m.MaxEntries())
	memory, err := unix.Mmap(m.FD(), 0, n*int(unsafe.Sizeof(bpf.EnforcerContainer{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the container entries: %w", err)
	}
	all := unsafe.Slice((*bpf.EnforcerContainer)(unsafe.Pointer(&memory[0])), n)
	e := &entries{memory: memory, all: all, used: make([]bool, n)}
	e.used[0] = true // 0 is no container
	for i := range all {
		e.used[i] = e.used[i] || all[i].Id != 0 // by an agent before
	}
	return e, nil
}

func (e *entries) close() error { return unix.Munmap(e.memory) }

// take returns a free entry with an id that no label holds.
func (e *entries) take() (*bpf.EnforcerContainer, error) {
	for i := range e.used {
		if !e.used[i] {
			e.used[i] = true
			c := &e.all[i]
			rounds := c.Rounds + 1
			*c = bpf.EnforcerContainer{Id: rounds<<bits.Len(uint(len(e.all)-1)) | uint32(i), Rounds: rounds}
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: %d are protected, which is the limit", errTooMany, len(e.all)-1)
}

// place returns the entry of a container that has its id from another set of programs.
func (e *entries) place(id uint32) (*bpf.EnforcerContainer, error) {
	index := id & uint32(len(e.all)-1)
	if id == 0 || e.used[index] {
		return nil, fmt.Errorf("its number %d is another's", id)
	}
	e.used[index] = true
	c := &e.all[index]
	*c = bpf.EnforcerContainer{Id: id, Rounds: id >> bits.Len(uint(len(e.all)-1))}
	return c, nil
}

// give clears an entry: labels that name it mean nothing any more.
func (e *entries) give(c *bpf.EnforcerContainer) {
	index := c.Id & uint32(len(e.all)-1)
	setProfile(c, 0)
	*c = bpf.EnforcerContainer{Rounds: c.Rounds}
	e.used[index] = false
}

// setProfile swaps the profile of a container: what begins before is judged by the old
// one, what begins after by the new one.
func setProfile(c *bpf.EnforcerContainer, word uint64) { atomic.StoreUint64(&c.Profile, word) }
