package slab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cilium/ebpf"

	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// Adopt takes over the slabs that a pool before has filled. words are those of the containers'
// entries: the images that they name stay, all other room is free. It returns where each of
// them stands and the number of its profile.
func (p *Pool) Adopt(words []uint64) (map[uint64]Adopted, error) {
	for index := range p.outer.MaxEntries() {
		var values *ebpf.Map
		err := p.outer.Lookup(index, &values)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			break // they are filled in order
		}
		if err != nil {
			return nil, fmt.Errorf("find slab %d: %w", index, err)
		}
		memory, err := values.Memory()
		if err != nil {
			values.Close()
			return nil, fmt.Errorf("find slab %d: %w", index, err)
		}
		p.slabs = append(p.slabs, slab{values, memory, newRoom(image.SlabBytes)})
	}
	found := map[uint64]Adopted{}
	for _, word := range words {
		if _, known := found[word]; known || word == 0 {
			continue
		}
		a, err := p.adopt(word)
		if err != nil {
			return nil, fmt.Errorf("find the image at %#x: %w", word, err)
		}
		found[word] = a
	}
	return found, nil
}

// Adopted is an image of before.
type Adopted struct {
	Place   Place
	Profile uint64
	Flags   uint32 // of the image
}

func (p *Pool) adopt(word uint64) (Adopted, error) {
	place := placeOf(word)
	if place.slab < 0 || place.slab >= len(p.slabs) {
		return Adopted{}, errors.New("there is no such slab")
	}
	s := &p.slabs[place.slab]
	var head bpf.MatchPlaced
	if err := binary.Read(io.NewSectionReader(s.memory, int64(place.span.at), Align), binary.LittleEndian, &head); err != nil {
		return Adopted{}, err
	}
	if head.Magic != image.Magic || head.Version != image.Version {
		return Adopted{}, errors.New("there is none")
	}
	place.span.size = head.Bytes
	if !s.free.reserve(place.span) {
		return Adopted{}, fmt.Errorf("its %d bytes are another's", head.Bytes)
	}
	return Adopted{place, head.Profile, head.Flags}, nil
}

// reserve takes exactly that piece.
func (r *room) reserve(piece span) bool {
	i := slices.IndexFunc(*r, func(s span) bool { return s.at <= piece.at && piece.at+piece.size <= s.at+s.size })
	if i < 0 || piece.size == 0 {
		return false
	}
	s := (*r)[i]
	var rest []span
	if s.at < piece.at {
		rest = append(rest, span{s.at, piece.at - s.at})
	}
	if end, own := s.at+s.size, piece.at+piece.size; own < end {
		rest = append(rest, span{own, end - own})
	}
	*r = slices.Replace(*r, i, i+1, rest...)
	return true
}
