package hooks

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

func TestPoliciesCompileAndLetTheLoadWork(t *testing.T) {
	for _, l := range slices.Concat(lists(), addressed(), []list{watched()}) {
		t.Run(l.String(), func(t *testing.T) {
			policies, err := policy.Parse(strings.NewReader(l.kubearmor()), l.id())
			if err != nil {
				t.Fatal(err)
			}
			profile, err := policy.NewProfile(policies, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := image.Compile(profile); err != nil {
				t.Fatal(err)
			}
			denied := func(kind policy.OpKind, path string) bool {
				return policy.Decide(profile, &policy.Operation{Kind: kind, Names: policy.Name(path), Source: policy.Name(loadPath)}).Verdict == policy.Denied
			}
			for _, p := range paths() {
				if denied(policy.OpRead, p) {
					t.Errorf("the load may not open %s", p)
				}
			}
			if denied(policy.OpExec, loadPath) || denied(policy.OpWrite, scratchPath) {
				t.Error("the load may not execute itself or write its file")
			}
			if got := denied(policy.OpRead, l.files()[0]); got == l.allow {
				t.Errorf("%s is denied: %t", l.files()[0], got)
			}
			if !l.allow != denied(policy.OpRead, "/srv/a.key") && l.glob {
				t.Error("the glob has no effect")
			}
		})
	}
}

func TestAppArmorGetsARuleForEveryFile(t *testing.T) {
	for _, l := range lists() {
		text := l.apparmor()
		for _, f := range l.files() {
			if !strings.Contains(text, "\""+f) {
				t.Errorf("%s: no rule about %s", l, f)
			}
		}
	}
}

func TestCostsAreReadAsTheLoadPrintsThem(t *testing.T) {
	got, err := readCosts(strings.NewReader("open+close,11 9088\nwrite 1948\n"))
	if diff := cmp.Diff([]Cost{{"open+close,11", 9088}, {"write", 1948}}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "open\n", "open many\n"} {
		if _, err := readCosts(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken for costs", bad)
		}
	}
}

func TestDearerThanAShareOfAppArmorIsAMiss(t *testing.T) {
	l := lists()[0].String()
	result := func(first, again, rest int) Result {
		return Result{Rows: []Row{
			{Scenario: plainName, Costs: []Cost{{"first-open,11", 1000}, {"open+close,11", 1000}, {"connect", 1000}, {"exec", 1000}}},
			{Scenario: "AppArmor, " + l, Costs: []Cost{{"first-open,11", 1100}, {"open+close,11", 1100}, {"connect", 1100}, {"exec", 1001}}},
			{Scenario: "KubeArmor, " + l, Like: "AppArmor, " + l, Costs: []Cost{{"first-open,11", first}, {"open+close,11", again}, {"connect", rest}, {"exec", 9000}}},
		}}
	}
	shares := Shares{First: 1, Again: 0.5, Rest: 1.5}
	if err := result(1100, 1050, 1150).Misses(shares); err != nil {
		t.Errorf("as dear as may be: %v", err)
	}
	for _, dearer := range [][3]int{{1101, 1050, 1150}, {1100, 1051, 1150}, {1100, 1050, 1151}} {
		if err := result(dearer[0], dearer[1], dearer[2]).Misses(shares); err == nil {
			t.Errorf("%v: one instruction more is no miss", dearer)
		}
	}
}
