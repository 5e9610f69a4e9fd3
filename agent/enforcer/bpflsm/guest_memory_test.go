package bpflsm

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// TestMemoryGrowsWithProfilesAlone logs what the kernel's maps and this process take with no profile, with some,
// and with ten times as many (KUBEARMOR_PROFILES), each another container's own of ten rules.
func TestMemoryGrowsWithProfilesAlone(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("KUBEARMOR_PROFILES"), "100"))
	if err != nil {
		t.Fatal(err)
	}
	g := newGuest(t, Options{})
	// Nothing outlives this process, so that it holds each mount of each container by a descriptor.
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	furnish(t, "/var/tmp/rules")
	empty, _ := g.memory(t, 0)
	made := 0
	for _, many := range []int{n / 10, n} {
		for ; made < many; made++ {
			g.box(t, fmt.Sprint("memory", made), tenRules(made))
		}
		maps, _ := g.memory(t, made)
		// An image of ten rules has some kilobytes; what all slabs have together is a multiple of 4 MiB.
		if each := (maps - empty) / uint64(made); maps > empty+8<<20 && each > 64<<10 {
			t.Errorf("%d profiles take %d bytes each", made, each)
		}
	}
}

func tenRules(n int) string {
	var rules strings.Builder
	for i := range 10 {
		fmt.Fprintf(&rules, "{path: /var/tmp/%d/%d}, ", n, i)
	}
	return "file: {matchPaths: [" + rules.String() + "]}"
}

// memory logs and returns the bytes of all maps, as the kernel counts them, and of this process's heap.
func (g *guest) memory(t *testing.T, profiles int) (maps, heap uint64) {
	t.Helper()
	all := mapsOf(&g.objects)
	for index := range g.objects.Slabs.MaxEntries() {
		var slab *ebpf.Map
		err := g.objects.Slabs.Lookup(index, &slab)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		defer slab.Close()
		all[fmt.Sprint("slab ", index)] = slab
	}
	for name, m := range all {
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		bytes, _ := info.Memlock() // none of what is kept with tasks, which no map allocates
		if profiles == 0 && bytes >= 1<<20 {
			t.Logf("%-16s %8d KiB", name, bytes>>10)
		}
		maps += bytes
	}
	if maps == 0 {
		t.Fatal("the kernel does not say how much memory maps take")
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	t.Logf("%5d profiles: maps %d KiB, heap %d KiB, %d slabs", profiles, maps>>10, stats.HeapAlloc>>10, len(all)-len(mapsOf(&g.objects)))
	return maps, stats.HeapAlloc
}
