package syscalls

import (
	"slices"
	"testing"
)

func TestNamesByWayAndNumber(t *testing.T) {
	for _, c := range []struct {
		way    Way
		number int
		want   string
	}{
		// arch/x86/entry/syscalls/syscall_64.tbl
		{Native, 0, "read"}, {Native, 59, "execve"}, {Native, 101, "ptrace"}, {Native, 321, "bpf"}, {Native, 435, "clone3"},
		{Native, 335, "uretprobe"}, {Native, 511, ""}, {Native, 512, ""}, {Native, -1, ""},
		{X32, 0, "read"}, {X32, 59, ""}, {X32, 520, "execve"}, {X32, 101, ""}, {X32, 521, "ptrace"}, {X32, 547, "pwritev2"}, {X32, 548, ""},
		// arch/x86/entry/syscalls/syscall_32.tbl
		{I386, 1, "exit"}, {I386, 5, "open"}, {I386, 11, "execve"}, {I386, 26, "ptrace"}, {I386, 252, "exit_group"}, {I386, 357, "bpf"},
		{I386, 102, ""}, {I386, 117, ""}, {I386, 212, "chown"}, {I386, 140, "llseek"}, {I386, 142, "select"}, {I386, 106, "stat"}, {I386, 18, "stat"}, {I386, 59, "uname"},
		{I386, 191, "getrlimit"}, {I386, 403, "clock_gettime64"}, {I386, 192, "mmap2"},
		// include/uapi/linux/{net,ipc}.h
		{Sockets, 0, ""}, {Sockets, 3, "connect"}, {Sockets, 9, "sendto"}, {Sockets, 20, "sendmmsg"}, {Sockets, 21, ""},
		{IPC, 1, "semop"}, {IPC, 5, ""}, {IPC, 24, "shmctl"}, {IPC, 25, ""},
	} {
		if got := Name(c.way, c.number); got != c.want {
			t.Errorf("way %d, number %d: %q, want %q", c.way, c.number, got, c.want)
		}
	}
}

func TestWhatIsKnownHasANumberAndTheOtherWayRound(t *testing.T) {
	var all []string
	for _, way := range Ways() {
		for number := range X32Numbers {
			if name := Name(way, number); name != "" {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, name := range all {
		if !Known(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range append(all, "chown32", "socketcall", "oldstat", "fstatat", "sync_file_range2", "") {
		if _, has := slices.BinarySearch(all, name); has != Known(name) {
			t.Errorf("%q is known: %t, has a number: %t", name, Known(name), has)
		}
	}
}
