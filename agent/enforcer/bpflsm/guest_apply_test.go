package bpflsm

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"kubearmor.io/agent/policyset"
)

// TestAComplexProfileHoldsNobodyUp changes one container's policies again and again while a profile is
// compiled for another that takes long.
func TestAComplexProfileHoldsNobodyUp(t *testing.T) {
	g := newGuest(t, Options{})
	slow := g.box(t, "slow", "file: {matchPaths: [{path: /no/such}]}")
	quick := g.box(t, "quick", "file: {matchPaths: [{path: /no/such}]}")
	var rules strings.Builder
	for i := range 100 {
		fmt.Fprintf(&rules, "{pattern: '/data/*%d/**/x%d*y'}, ", i, i)
	}
	complex, err := policyset.ProfileOf(parse(t, "file: {matchPatterns: ["+rules.String()+"]}"), os.Getpid(), nil)
	must(t, err)
	done := make(chan error)
	go func() { done <- g.Apply(slow.name, complex) }()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			must(t, err)
			if n < 3 {
				t.Errorf("%d changes of another container's policies in the meantime: they waited", n)
			}
			return
		default:
			quick.apply(t, fmt.Sprintf("file: {matchPaths: [{path: /no/such%d}]}", n))
		}
	}
}
