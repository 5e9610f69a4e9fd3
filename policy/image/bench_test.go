package image

import (
	"fmt"
	"testing"

	"kubearmor.io/policy"
)

// rulesOf returns a policy with n file rules: exact paths, a tenth of them directories.
func rulesOf(n int) []*policy.Policy {
	p := &policy.Policy{Ref: policy.Ref{Namespace: "default", Name: "many"}}
	for i := range n {
		name := fmt.Sprintf("/srv/app-%d/module-%d/data-%d.bin", i%97, i%1013, i)
		m := policy.Matcher{Kind: policy.MatchPath, Path: name}
		if i%10 == 0 {
			m = policy.Matcher{Kind: policy.MatchDir, Path: name, Recursive: true}
		}
		p.Rules = append(p.Rules, policy.Rule{Field: fmt.Sprint("spec.file[", i, "]"), Category: policy.File, Match: m, Action: policy.Action(i % 3)})
	}
	return []*policy.Policy{p}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		b.Run(fmt.Sprint(n, "rules"), func(b *testing.B) {
			profile, err := policy.NewProfile(rulesOf(n), policy.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				img, err := Compile(profile)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(img.Words)*4), "image-bytes")
			}
		})
	}
}
