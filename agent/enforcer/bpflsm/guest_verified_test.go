//go:build guest

package bpflsm

import (
	"testing"

	"github.com/cilium/ebpf"
)

// verifierLimit is BPF_COMPLEXITY_LIMIT_INSNS of the kernel's include/linux/bpf.h.
const verifierLimit = 1_000_000

// TestProgramsAreFarFromTheVerifiersLimit prints how many instructions the verifier has walked to
// accept each program. Kernels count differently: what comes near the limit on one is refused by
// another.
func TestProgramsAreFarFromTheVerifiersLimit(t *testing.T) {
	g := newGuest(t, Options{})
	total := 0
	for _, l := range g.links {
		info, err := l.Info()
		if err != nil {
			t.Fatal(err)
		}
		p, err := ebpf.NewProgramFromID(info.Program)
		if err != nil {
			t.Fatal(err)
		}
		about, err := p.Info()
		p.Close()
		if err != nil {
			t.Fatal(err)
		}
		n, ok := about.VerifiedInstructions()
		if !ok {
			t.Fatalf("this kernel does not tell how much it has verified of %s", about.Name)
		}
		t.Logf("verified: %-20s %7d", about.Name, n)
		if n > verifierLimit/4 {
			t.Errorf("%s: %d instructions verified, want at most a quarter of %d", about.Name, n, verifierLimit)
		}
		total += int(n)
	}
	t.Logf("verified: %-20s %7d", "total", total)
}
