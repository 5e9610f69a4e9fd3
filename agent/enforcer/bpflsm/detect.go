package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
)

// Check says what this machine lacks for BPF-LSM, or nil. It changes nothing. That all
// is there proves nothing yet: Load sees an operation denied.
func Check() error {
	if os.Geteuid() != 0 {
		return errors.New("enforcing needs root: run the agent as root, with CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN and CAP_MAC_ADMIN")
	}
	if err := checkActive(os.DirFS("/sys/kernel/security")); err != nil {
		return err
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return fmt.Errorf("the kernel has no type information (CONFIG_DEBUG_INFO_BTF): use a kernel that is built with it: %w", err)
	}
	if err := features.HaveMapType(ebpf.TaskStorage); errors.Is(err, ebpf.ErrNotSupported) {
		return errors.New("the kernel has no task storage for BPF (Linux 5.11): the BPF enforcer needs Linux 6.1 or newer; use the AppArmor enforcer here")
	}
	return nil
}

// checkActive reads the list of active security modules. It is the only sign: on a kernel
// whose list lacks bpf, programs attach without an error and are never called.
func checkActive(securityfs fs.FS) error {
	data, err := fs.ReadFile(securityfs, "lsm")
	if err != nil {
		return fmt.Errorf("the list of active security modules can't be read: mount -t securityfs none /sys/kernel/security: %w", err)
	}
	list := strings.TrimSpace(string(data))
	if !slices.Contains(strings.Split(list, ","), "bpf") {
		return fmt.Errorf("the kernel's active security modules (%s) lack bpf: add lsm=%s,bpf to the kernel's command line and boot", list, list)
	}
	return nil
}
