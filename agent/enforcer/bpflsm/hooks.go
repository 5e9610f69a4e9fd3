package bpflsm

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// variant is a program for a hook that not every kernel has, or not with these arguments.
// Programs that are not listed are for hooks that all supported kernels have alike.
type variant struct {
	program   string
	hook      string
	arguments int
	// without says what judges the same operations where the hook is missing.
	without string
}

// variants are the hooks' differences between kernels, 6.1 to the newest.
func variants() []variant {
	return []variant{
		{"check_set_acl", "inode_set_acl", 4, "check_setxattr"},          // since 6.2
		{"check_remove_acl", "inode_remove_acl", 3, "check_removexattr"}, // since 6.2
		{"check_setattr", "inode_setattr", 2, "check_setattr_mapped"},    // before 6.8
		{"check_setattr_mapped", "inode_setattr", 3, "check_setattr"},    // since 6.8
		{"check_ioctl_compat", "file_ioctl_compat", 3, "check_ioctl"},    // since 6.8 and in stable kernels
		{"check_file_setattr", "inode_file_setattr", 2, "check_ioctl"},   // since 6.17
	}
}

// choose leaves out the programs that do not fit the kernel.
func choose(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	for _, v := range variants() {
		if arguments(kernel, v.hook) != v.arguments {
			delete(spec.Programs, v.program)
		}
	}
	for _, v := range variants() {
		if spec.Programs[v.program] == nil && spec.Programs[v.without] == nil {
			return fmt.Errorf("the kernel's hook %s takes %d arguments: no program is for that", v.hook, arguments(kernel, v.hook))
		}
	}
	return spec.Variables["has_flags_hook"].Set(spec.Programs["check_file_setattr"] != nil)
}

// arguments returns how many arguments a hook has, -1 where the kernel lacks it.
func arguments(kernel *btf.Spec, hook string) int {
	var f *btf.Func
	if err := kernel.TypeByName("bpf_lsm_"+hook, &f); err != nil {
		return -1
	}
	proto, ok := f.Type.(*btf.FuncProto)
	if !ok {
		return -1
	}
	return len(proto.Params)
}

// attachOrder returns the programs' names, those first that keep labels: what judges must find them.
func attachOrder(programs map[string]*ebpf.Program) []string {
	first := []string{"task_moved", "task_cloned", "inherit_label", "exec_done"}
	var rest []string
	for name := range programs {
		if !slices.Contains(first, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(first, rest...)
}
