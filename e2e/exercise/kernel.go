package exercise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

const securityfs = "/sys/kernel/security"

// CanEnforce says what this machine lacks for the exercise, before anything is done.
func CanEnforce() error {
	if os.Geteuid() != 0 {
		return errors.New("containers and policies need root: run this as root")
	}
	modules, err := readModules()
	if err != nil {
		return fmt.Errorf("which security modules are active can't be read (is securityfs mounted?): %w", err)
	}
	if err := hasBPF(modules); err != nil {
		return err
	}
	if err := tryProgram(); err != nil {
		return err
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return fmt.Errorf("containers are run with runc, which isn't here (install the package runc): %w", err)
	}
	return nil
}

// readModules reads the list of active security modules, also where nobody has mounted
// securityfs.
func readModules() (string, error) {
	text, err := os.ReadFile(filepath.Join(securityfs, "lsm"))
	if !errors.Is(err, fs.ErrNotExist) {
		return string(text), err
	}
	dir, err := os.MkdirTemp("", "securityfs-")
	if err != nil {
		return "", err
	}
	defer os.Remove(dir)
	if err := unix.Mount("securityfs", dir, "securityfs", unix.MS_RDONLY, ""); err != nil {
		return "", fmt.Errorf("mount securityfs: %w", err)
	}
	text, err = os.ReadFile(filepath.Join(dir, "lsm"))
	return string(text), errors.Join(err, unix.Unmount(dir, 0))
}

// hasBPF reads the list itself: a kernel whose list lacks bpf may accept programs that
// it never calls.
func hasBPF(modules string) error {
	modules = strings.TrimSpace(modules)
	if slices.Contains(strings.Split(modules, ","), "bpf") {
		return nil
	}
	return fmt.Errorf("this kernel's active security modules are %s: boot it with lsm=%s,bpf", modules, modules)
}

// tryProgram loads the least program that BPF-LSM would run.
func tryProgram() error {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.LSM, AttachType: ebpf.AttachLSMMac, AttachTo: "file_open", License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if errors.Is(err, unix.EPERM) {
		err = unix.EPERM // without the library's guess at a limit that such kernels don't have
	}
	if err != nil {
		return fmt.Errorf("this kernel lists bpf among its security modules but refuses a BPF-LSM program, so nothing can be enforced here "+
			"(without HOST=1 the demo runs in a guest whose kernel accepts it): %w", err)
	}
	defer program.Close()
	l, err := link.AttachLSM(link.LSMOptions{Program: program})
	if err != nil {
		return fmt.Errorf("this kernel loads a BPF-LSM program but doesn't attach it, so nothing can be enforced here: %w", err)
	}
	return l.Close()
}
