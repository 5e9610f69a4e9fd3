package bpflsm

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// decodesHandles is the kernel's function that finds the file of a handle.
const decodesHandles = "exportfs_decode_fh_raw"

// prepareHandles says whether the kernel can open files by handle. One built without that
// (CONFIG_FHANDLE) gets an empty program, which nothing attaches.
func prepareHandles(program *ebpf.ProgramSpec) (bool, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return false, fmt.Errorf("read the kernel's types: %w", err)
	}
	var f *btf.Func
	err = kernel.TypeByName(decodesHandles, &f)
	if errors.Is(err, btf.ErrNotFound) {
		*program = ebpf.ProgramSpec{Name: program.Name, Type: ebpf.SocketFilter, License: program.License,
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}}
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s in the kernel: %w", decodesHandles, err)
	}
	return true, nil
}
