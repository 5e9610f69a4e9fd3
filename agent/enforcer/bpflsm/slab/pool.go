package slab

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"kubearmor.io/policy/image"
)

// ErrFull says that every slab is in use and none has room.
var ErrFull = errors.New("no room for another image")

// Pool holds the slabs that the programs see through one map of maps.
type Pool struct {
	outer *ebpf.Map
	inner *ebpf.MapSpec
	guard func(*ebpf.Map) error
	slabs []slab
	// returned is room that a program may still be reading; Grace makes it free.
	returned []Place
}

// Place is where an image stands.
type Place struct {
	slab int
	span span
	// generation tells it from what stood there before: the low bits of the profile's number.
	generation uint64
}

// A word that names a placed image is, from the lowest bit on, its slab, counted from 1, its address
// and its generation.
const (
	slabBits    = 16
	addressBits = 22 // of image.SlabBytes
)

type slab struct {
	values *ebpf.Map
	memory *ebpf.Memory
	free   room
}

// NewPool returns a pool that fills outer, an array of maps like inner. Each is given to guard
// before it is used.
func NewPool(outer *ebpf.Map, inner *ebpf.MapSpec, guard func(*ebpf.Map) error) *Pool {
	return &Pool{outer: outer, inner: inner, guard: guard}
}

// Word is what a container's entry holds to name a placed image.
func (p Place) Word() uint64 {
	return p.generation<<(slabBits+addressBits) | uint64(p.span.at)<<slabBits | uint64(p.slab+1)
}

// placeOf is the place that a word names, of which the image itself says how long it is.
func placeOf(word uint64) Place {
	return Place{
		slab:       int(word&(1<<slabBits-1)) - 1,
		span:       span{at: uint32(word >> slabBits & (1<<addressBits - 1))},
		generation: word >> (slabBits + addressBits),
	}
}

// Put writes an image where nothing reads it yet. The programs see it once its place's
// Word stands in a container's entry.
func (p *Pool) Put(words []uint32, profile uint64) (Place, error) {
	place, err := p.take(uint32(Size(len(words))))
	if err != nil {
		return Place{}, err
	}
	place.generation = profile & (1<<(64-slabBits-addressBits) - 1)
	placed, err := render(words, place.span.at, profile)
	if err == nil {
		_, err = p.slabs[place.slab].memory.WriteAt(placed, int64(place.span.at))
	}
	if err != nil {
		p.slabs[place.slab].free.give(place.span)
		return Place{}, err
	}
	return place, nil
}

// Free gives an image's room back at the next Grace: no container's entry may name it
// any more, but a program may be reading it.
func (p *Pool) Free(place Place) { p.returned = append(p.returned, place) }

// Grace waits until every program that began before has ended, and makes free what was
// given back before.
func (p *Pool) Grace() error {
	if len(p.returned) == 0 {
		return nil
	}
	if err := p.Wait(); err != nil {
		return err
	}
	for _, place := range p.returned {
		p.slabs[place.slab].free.give(place.span)
	}
	p.returned = nil
	return nil
}

// Wait waits until every program that began before has ended. The wait is the kernel's: it follows
// each change of a map of maps.
func (p *Pool) Wait() error {
	if len(p.slabs) == 0 {
		if err := p.grow(); err != nil {
			return err
		}
	}
	if err := p.outer.Update(uint32(0), p.slabs[0].values, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("wait until the programs that run have ended: %w", err)
	}
	return nil
}

// Close gives up the agent's hold on the slabs.
func (p *Pool) Close() {
	for _, s := range p.slabs {
		s.values.Close()
	}
	p.slabs = nil
}

func (p *Pool) take(size uint32) (Place, error) {
	if size > image.SlabBytes {
		return Place{}, fmt.Errorf("an image of %d bytes: %w", size, ErrFull)
	}
	for i := range p.slabs {
		if at, ok := p.slabs[i].free.take(size); ok {
			return Place{slab: i, span: span{at, size}}, nil
		}
	}
	if err := p.grow(); err != nil {
		return Place{}, err
	}
	last := len(p.slabs) - 1
	at, _ := p.slabs[last].free.take(size)
	return Place{slab: last, span: span{at, size}}, nil
}

// grow adds a slab.
func (p *Pool) grow() error {
	index := uint32(len(p.slabs))
	if index == p.outer.MaxEntries() {
		return fmt.Errorf("%d slabs of %d bytes are in use: %w", index, image.SlabBytes, ErrFull)
	}
	values, err := ebpf.NewMap(p.inner)
	if err != nil {
		return fmt.Errorf("create slab %d: %w", index, err)
	}
	err = p.guard(values)
	var memory *ebpf.Memory
	if err == nil {
		memory, err = values.Memory()
	}
	if err == nil {
		err = p.outer.Update(index, values, ebpf.UpdateAny)
	}
	if err != nil {
		values.Close()
		return fmt.Errorf("create slab %d: %w", index, err)
	}
	p.slabs = append(p.slabs, slab{values, memory, newRoom(image.SlabBytes)})
	return nil
}
