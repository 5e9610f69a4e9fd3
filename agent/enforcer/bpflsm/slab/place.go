package slab

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// Align is what the address of a placed image is a multiple of; its first Align bytes
// hold the placed header, the image follows.
const Align = 256

// Size returns the room that an image of so many words takes in a slab.
func Size(words int) int { return Align + (words*4+Align-1)/Align*Align }

// render returns the bytes of an image as it stands at the address at of a slab: the
// automaton's states and cells name each other by address, so that the programs load them
// without arithmetic. It checks what the programs only mask.
func render(words []uint32, at uint32, profile uint64) ([]byte, error) {
	p := placement{words: words, origin: at + Align}
	if err := p.check(at); err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	head := p.header(profile)
	moved := bytes.NewBuffer(make([]byte, 0, Size(len(words))))
	if err := binary.Write(moved, binary.LittleEndian, &head); err != nil {
		return nil, err
	}
	moved.Write(make([]byte, Align-moved.Len()))
	if err := binary.Write(moved, binary.LittleEndian, p.relocate()); err != nil {
		return nil, err
	}
	return moved.Bytes(), nil
}

type placement struct {
	words  []uint32
	origin uint32 // the address of the image's first word
}

// address is that of a word of the image.
func (p *placement) address(word uint32) uint32 { return p.origin + word*4 }

// state is the address that stands for a state: that of its cell for byte 0.
func (p *placement) state(s uint32) uint32 { return p.address(p.words[image.HeaderCells]) + 8*s }

func (p *placement) header(profile uint64) bpf.MatchPlaced {
	w := p.words
	return bpf.MatchPlaced{
		Magic: w[image.HeaderMagic], Version: w[image.HeaderVersion], Profile: profile, Flags: w[image.HeaderFlags],
		FileStart: p.state(w[image.HeaderFileStart]), ExecStart: p.state(w[image.HeaderExecStart]), NameStart: p.state(w[image.HeaderNameStart]),
		FirstSink: p.state(w[image.HeaderFirstSink]),
		FileWords: p.address(w[image.HeaderFileWords]),
		ExecWords: p.address(w[image.HeaderExecWords]), ExecColumns: w[image.HeaderExecColumns],
		Nodes:       p.address(w[image.HeaderNodes]),
		SocketWords: p.address(w[image.HeaderSocketWords]), CapabilityWords: p.address(w[image.HeaderCapabilityWords]),
		Outcomes: p.address(w[image.HeaderOutcomes]), NumOutcomes: w[image.HeaderNumOutcomes],
		ExecClasses: p.address(w[image.HeaderExecClasses]), FileMoves: p.address(w[image.HeaderFileMoves]), ExecMoves: p.address(w[image.HeaderExecMoves]),
		HandleRead: w[image.HeaderHandleRead], HandleWrite: w[image.HeaderHandleWrite], HandleExec: w[image.HeaderHandleExec], Foreign: w[image.HeaderForeign],
		Bytes:       uint32(Size(len(w))),
		SourceStart: p.state(w[image.HeaderSourceStart]), SourceSets: w[image.HeaderSourceSets],
		SourceFlags: p.address(w[image.HeaderSourceFlags]), TraceWords: p.address(w[image.HeaderTraceWords]),
		OutsideWord:    w[image.HeaderOutsideWord],
		Endpoint4Start: p.state(w[image.HeaderEndpoint4Start]), Endpoint6Start: p.state(w[image.HeaderEndpoint6Start]),
		EndpointColumns: p.address(w[image.HeaderEndpointColumns]), EndpointWidth: w[image.HeaderEndpointWidth],
		EndpointWords: p.address(w[image.HeaderEndpointWords]), EndpointRows: w[image.HeaderEndpointRows],
		ArgumentStart: p.state(w[image.HeaderArgumentStart]),
		FilelessSet:   w[image.HeaderFilelessSet], MemoryWord: w[image.HeaderMemoryWord],
		SyscallWords: p.address(w[image.HeaderSyscallWords]), FreeUses: w[image.HeaderFreeUses],
	}
}

// relocate returns the words with cells naming states by address.
func (p *placement) relocate() []uint32 {
	out := make([]uint32, len(p.words))
	copy(out, p.words)
	cells := p.words[image.HeaderCells]
	for c := range p.words[image.HeaderNumCells] {
		check, next := &out[cells+2*c], &out[cells+2*c+1]
		if *check == image.CellEmpty {
			continue
		}
		*next = p.state(*next)
		if *check&image.CellRecord == 0 {
			*check = p.state(*check)
		}
	}
	return out
}

// check refuses an image that is cut short or of another format, and one that does not fit.
func (p *placement) check(at uint32) error {
	w := p.words
	switch {
	case len(w) < image.HeaderSize || int(w[image.HeaderWords]) != len(w):
		return fmt.Errorf("%d words, the header says otherwise", len(w))
	case w[image.HeaderMagic] != image.Magic:
		return fmt.Errorf("magic %#x, want %#x", w[image.HeaderMagic], image.Magic)
	case w[image.HeaderVersion] != image.Version:
		return fmt.Errorf("version %d, this agent's programs read %d", w[image.HeaderVersion], image.Version)
	case at%Align != 0 || int(at)+Size(len(w)) > image.SlabBytes:
		return fmt.Errorf("%d words do not fit at %#x", len(w), at)
	case w[image.HeaderCells]%2 != 0:
		return fmt.Errorf("cells at word %d: not even", w[image.HeaderCells])
	}
	syscallRows := uint32(0)
	if w[image.HeaderFlags]&image.FlagSyscalls != 0 {
		syscallRows = image.SyscallRows
	}
	for _, section := range [][2]uint32{
		{w[image.HeaderCells], 2 * w[image.HeaderNumCells]},
		{w[image.HeaderOutcomes], w[image.HeaderNumOutcomes]},
		{w[image.HeaderSocketWords], image.SocketClasses},
		{w[image.HeaderCapabilityWords], image.CapabilityWords},
		{w[image.HeaderSyscallWords], syscallRows},
		{w[image.HeaderFileWords], image.FileOps},
		{w[image.HeaderExecClasses], 1},
		{w[image.HeaderFileMoves], 2},
		{w[image.HeaderExecMoves], 2},
		{w[image.HeaderSourceFlags], 2 * w[image.HeaderSourceSets]},
		{w[image.HeaderTraceWords], 2 * w[image.HeaderSourceSets]},
		{w[image.HeaderEndpointColumns], image.Directions * image.SocketClasses},
		{w[image.HeaderEndpointWords], w[image.HeaderEndpointWidth] * w[image.HeaderEndpointRows]},
		{w[image.HeaderExecWords], w[image.HeaderExecColumns] * (w[image.HeaderFilelessSet] + 1)},
	} {
		if uint64(section[0])+uint64(section[1]) > uint64(len(w)) {
			return fmt.Errorf("a section at word %d with %d words ends behind the image", section[0], section[1])
		}
	}
	return nil
}
