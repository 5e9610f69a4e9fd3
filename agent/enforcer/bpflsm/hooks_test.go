package bpflsm

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"kubearmor.io/bpf"
)

// kernelWith makes the types of a kernel with these hooks, by their number of arguments.
func kernelWith(t *testing.T, hooks map[string]int) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	for name, n := range hooks {
		proto := &btf.FuncProto{Return: number}
		for i := range n {
			proto.Params = append(proto.Params, btf.FuncParam{Name: fmt.Sprint("a", i), Type: number})
		}
		if _, err := b.Add(&btf.Func{Name: name, Type: proto, Linkage: btf.GlobalFunc}); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestEachKernelGetsTheProgramsThatFitItsHooks(t *testing.T) {
	for name, c := range map[string]struct {
		hooks map[string]int
		want  []string
		fails bool
	}{
		"6.1": {
			map[string]int{"exportfs_decode_fh_raw": 6, "bpf_lsm_inode_setattr": 2, "bpf_lsm_file_ioctl_compat": 3},
			[]string{"check_ioctl_compat", "check_setattr", "handle_decoded"}, false,
		},
		"6.1 that opens nothing by handle": {map[string]int{"bpf_lsm_inode_setattr": 2}, []string{"check_setattr"}, false},
		"6.12": {
			map[string]int{"exportfs_decode_fh_raw": 7, "bpf_lsm_inode_setattr": 3, "bpf_lsm_file_ioctl_compat": 3, "bpf_lsm_inode_set_acl": 4, "bpf_lsm_inode_remove_acl": 3},
			[]string{"check_ioctl_compat", "check_remove_acl", "check_set_acl", "check_setattr_mapped", "handle_decoded"}, false,
		},
		"newest": {
			map[string]int{"exportfs_decode_fh_raw": 7, "bpf_lsm_inode_setattr": 3, "bpf_lsm_file_ioctl_compat": 3, "bpf_lsm_inode_set_acl": 4, "bpf_lsm_inode_remove_acl": 3, "bpf_lsm_inode_file_setattr": 2},
			[]string{"check_file_setattr", "check_ioctl_compat", "check_remove_acl", "check_set_acl", "check_setattr_mapped", "handle_decoded"}, false,
		},
		"none known": {map[string]int{"bpf_lsm_inode_setattr": 4}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := bpf.LoadEnforcer()
			if err != nil {
				t.Fatal(err)
			}
			if err := choose(spec, kernelWith(t, c.hooks)); (err != nil) != c.fails {
				t.Fatalf("error %v, want one: %t", err, c.fails)
			}
			if c.fails {
				return
			}
			var got []string
			for _, v := range variants() {
				if spec.Programs[v.program] != nil {
					got = append(got, v.program)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("programs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSystemCallsAreWatchedWhereTheKernelCan(t *testing.T) {
	b, err := btf.NewBuilder(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(&btf.Typedef{Name: "btf_trace_sys_enter", Type: &btf.Void{}}); err != nil {
		t.Fatal(err)
	}
	with, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	for want, kernel := range map[bool]*btf.Spec{runtime.GOARCH == "amd64": with, false: kernelWith(t, map[string]int{"x": 1})} {
		if got, err := watchesSyscalls(kernel); err != nil || got != want {
			t.Errorf("watches: %t, want %t, %v", got, want, err)
		}
	}
	spec, err := bpf.LoadEnforcer()
	if err != nil {
		t.Fatal(err)
	}
	if err := choose(spec, kernelWith(t, map[string]int{"bpf_lsm_inode_setattr": 3})); err != nil {
		t.Fatal(err)
	}
	for _, name := range watchers() {
		if spec.Programs[name] != nil {
			t.Errorf("%s is loaded where the kernel has no trace points", name)
		}
	}
}

func TestWhatKeepsLabelsIsAttachedFirst(t *testing.T) {
	spec, err := bpf.LoadEnforcer()
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string]*ebpf.Program{}
	for name := range spec.Programs {
		programs[name] = nil
	}
	order := attachOrder(programs)
	if len(order) != len(programs) {
		t.Errorf("%d programs are attached of %v", len(order), slices.Sorted(maps.Keys(programs)))
	}
	at := func(name string) int { return slices.Index(order, name) }
	if !(at("inherit_label") < at("guard_umount") && at("prepare_exec") < at("guard_umount") && at("guard_umount") < at("check_exec")) {
		t.Errorf("order %v", order)
	}
}
