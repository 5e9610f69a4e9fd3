package bpflsm

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// variant is a program for a function of the kernel that not every kernel has, or not with these
// arguments. Programs that are not listed are for hooks that all supported kernels have alike.
type variant struct {
	program   string
	function  string
	arguments int // anyNumber: not looked at
	// without says what judges the same operations where the function is missing; none where
	// those can't be had then.
	without string
}

const (
	anyNumber  = 0
	noFunction = -1
)

// variants are the differences between kernels, 6.1 to the newest.
func variants() []variant {
	return []variant{
		{"handle_decoded", "exportfs_decode_fh_raw", anyNumber, ""},              // CONFIG_FHANDLE
		{"check_set_acl", "bpf_lsm_inode_set_acl", 4, "check_setxattr"},          // since 6.2
		{"check_remove_acl", "bpf_lsm_inode_remove_acl", 3, "check_removexattr"}, // since 6.2
		{"check_setattr", "bpf_lsm_inode_setattr", 2, "check_setattr_mapped"},    // before 6.8
		{"check_setattr_mapped", "bpf_lsm_inode_setattr", 3, "check_setattr"},    // since 6.8
		{"check_ioctl_compat", "bpf_lsm_file_ioctl_compat", 3, "check_ioctl"},    // since 6.8 and in stable kernels
		{"check_file_setattr", "bpf_lsm_inode_file_setattr", 2, "check_ioctl"},   // since 6.17
	}
}

// choose leaves out the programs that do not fit the kernel.
func choose(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	for _, v := range variants() {
		n, err := arguments(kernel, v.function)
		if err != nil {
			return err
		}
		if n != v.arguments && (v.arguments != anyNumber || n == noFunction) {
			delete(spec.Programs, v.program)
		}
	}
	for _, v := range variants() {
		if v.without != "" && spec.Programs[v.program] == nil && spec.Programs[v.without] == nil {
			return fmt.Errorf("the kernel's %s takes other arguments than any kernel that is known: no program is for that", v.function)
		}
	}
	watched, err := watchesSyscalls(kernel)
	if err != nil {
		return err
	}
	if !watched {
		for _, name := range watchers() {
			delete(spec.Programs, name)
		}
	}
	return spec.Variables["has_flags_hook"].Set(spec.Programs["check_file_setattr"] != nil)
}

// watchesSyscalls says whether the kernel has the trace points of system calls, and the programs
// know how it numbers those.
func watchesSyscalls(kernel *btf.Spec) (bool, error) {
	var point *btf.Typedef
	err := kernel.TypeByName("btf_trace_sys_enter", &point)
	if errors.Is(err, btf.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the trace point of system calls: %w", err)
	}
	return runtime.GOARCH == "amd64", nil
}

// arguments returns how many arguments a function of the kernel takes, or noFunction.
func arguments(kernel *btf.Spec, function string) (int, error) {
	var f *btf.Func
	err := kernel.TypeByName(function, &f)
	if errors.Is(err, btf.ErrNotFound) {
		return noFunction, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s in the kernel: %w", function, err)
	}
	proto, ok := f.Type.(*btf.FuncProto)
	if !ok {
		return 0, fmt.Errorf("look for %s in the kernel: its type is %s", function, f.Type)
	}
	return len(proto.Params), nil
}

// keepers are the programs that keep what is known of tasks and verdicts, and the one that the agent asks.
func keepers() []string {
	return []string{
		"task_moved", "task_cloned", "agent_ended", "handle_decoded", "inherit_label", "prepare_exec", "exec_done", "locate",
		"forget_inode", "name_added", "name_removed",
	}
}

// attachOrder returns the programs' names: those first that keep what is known of tasks, for what
// judges must find it, then those that guard what is ours.
func attachOrder(programs map[string]*ebpf.Program) []string {
	keep := keepers()
	rank := func(name string) int {
		switch {
		case slices.Contains(keep, name):
			return slices.Index(keep, name)
		case strings.HasPrefix(name, "guard_"):
			return len(keep)
		}
		return len(keep) + 1
	}
	return slices.SortedFunc(maps.Keys(programs), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
}
