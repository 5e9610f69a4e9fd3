package bpflsm

import (
	"maps"
	"slices"
	"testing"
)

// verifierLimit is how many instructions the kernel follows of a program, through all its branches.
const verifierLimit = 1_000_000

// TestProgramsStayFarFromTheVerifiersLimit leaves room for kernels whose verifier follows more.
func TestProgramsStayFarFromTheVerifiersLimit(t *testing.T) {
	g := newGuest(t, Options{})
	total := uint32(0)
	for _, name := range slices.Sorted(maps.Keys(g.objects.programs)) {
		info, err := g.objects.programs[name].Info()
		if err != nil {
			t.Fatal(err)
		}
		n, ok := info.VerifiedInstructions()
		if !ok {
			t.Fatal("the kernel does not say how many instructions it has verified")
		}
		t.Logf("%-22s %7d", name, n)
		total += n
		if n > verifierLimit/2 {
			t.Errorf("%s: %d instructions are verified, more than half of what is possible", name, n)
		}
	}
	t.Logf("%-22s %7d", "all", total)
}
