// Package elfsample writes the smallest ELF programs that name a loader and libraries, for
// tests of what reads them. Nothing runs them.
package elfsample

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Program returns the bytes of a program that asks for the loader and these libraries, and
// has its loader look in runPath first, where that is not empty.
func Program(loader string, libraries []string, runPath string) []byte {
	names := []byte{0}
	var dynamic []elf.Dyn64
	entry := func(tag elf.DynTag, text string) {
		dynamic = append(dynamic, elf.Dyn64{Tag: int64(tag), Val: uint64(len(names))})
		names = append(append(names, text...), 0)
	}
	for _, l := range libraries {
		entry(elf.DT_NEEDED, l)
	}
	if runPath != "" {
		entry(elf.DT_RUNPATH, runPath)
	}
	dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_NULL)})

	const headers = 64 + 56 // of the file and of one segment
	interpreter := append([]byte(loader), 0)
	namesAt := headers + len(interpreter)
	dynamicAt := namesAt + len(names)
	sectionsAt := dynamicAt + 16*len(dynamic)

	var out bytes.Buffer
	write := func(v any) { _ = binary.Write(&out, binary.LittleEndian, v) } // a Buffer takes everything
	head := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 64, Shoff: uint64(sectionsAt),
		Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64, Shnum: 3, Shstrndx: 1,
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	write(head)
	write(elf.Prog64{Type: uint32(elf.PT_INTERP), Off: headers, Filesz: uint64(len(interpreter)), Memsz: uint64(len(interpreter))})
	write(interpreter)
	write(names)
	write(dynamic)
	write([]elf.Section64{
		{},
		{Type: uint32(elf.SHT_STRTAB), Off: uint64(namesAt), Size: uint64(len(names)), Addralign: 1},
		{Type: uint32(elf.SHT_DYNAMIC), Off: uint64(dynamicAt), Size: uint64(16 * len(dynamic)), Link: 1, Entsize: 16, Addralign: 8},
	})
	return out.Bytes()
}
