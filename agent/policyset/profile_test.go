package policyset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy"
)

func TestParseLabels(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                    {},
		"app=web":             {"app": "web"},
		"app=web, tier=front": {"app": "web", "tier": "front"},
		"app=web,,":           {"app": "web"},
		"app=":                {"app": ""},
		"app=a=b":             {"app": "a=b"},
		"example.org/app=web": {"example.org/app": "web"},
	} {
		got, err := ParseLabels(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{"app", "=web", "app=web,tier"} {
		if got, err := ParseLabels(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	f.Add("app=web,tier=front")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := ParseLabels(text)
		if err == nil && len(labels) > strings.Count(text, "=") {
			t.Errorf("%d labels from %q", len(labels), text)
		}
	})
}

const candidates = `
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, process: {matchPaths: [{path: /bin/a}]}}
---
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: web-elsewhere, namespace: bank}
spec: {selector: {matchLabels: {app: web}}, process: {matchPaths: [{path: /bin/a}]}}
---
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: nowhere}
spec: {selector: {matchLabels: {app: web}}, process: {matchPaths: [{path: /bin/a}]}}
---
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: sidecar, namespace: shop}
spec: {selector: {matchLabels: {app: web, kubearmor.io/container.name: sidecar}}, process: {matchPaths: [{path: /bin/a}]}}
---
apiVersion: security.kubearmor.com/v1
kind: KubeArmorClusterPolicy
metadata: {name: cluster}
spec: {selector: {matchExpressions: [{key: namespace, operator: In, values: [shop]}]}, process: {matchPaths: [{path: /bin/a}]}}
---
apiVersion: security.kubearmor.com/v1
kind: KubeArmorHostPolicy
metadata: {name: host}
spec: {nodeSelector: {matchLabels: {}}, process: {matchPaths: [{path: /bin/a}]}}
`

func TestSelected(t *testing.T) {
	all, err := policy.Parse(strings.NewReader(candidates), "candidates")
	if err != nil {
		t.Fatal(err)
	}
	everyContainer := []string{"cluster", "nowhere", "sidecar", "web", "web-elsewhere"}
	web := map[string]string{"app": "web"}
	for name, c := range map[string]struct {
		who  Identity
		want []string
	}{
		"without labels all but the host's count":                {Identity{Name: "run"}, everyContainer},
		"without labels the namespace does not count":            {Identity{Name: "run", Namespace: "shop", Labels: map[string]string{}}, everyContainer},
		"a namespace takes its own, and the cluster's":           {Identity{Name: "run", Namespace: "shop", Labels: web}, []string{"cluster", "web"}},
		"a policy that names no namespace is of default":         {Identity{Name: "run", Namespace: "default", Labels: web}, []string{"nowhere"}},
		"without a namespace every one's policy is taken":        {Identity{Name: "run", Labels: web}, []string{"nowhere", "web", "web-elsewhere"}},
		"a policy narrowed to a container takes that by name":    {Identity{Name: "sidecar", Namespace: "shop", Labels: web}, []string{"cluster", "sidecar", "web"}},
		"other labels leave the selectors unfulfilled":           {Identity{Name: "run", Namespace: "shop", Labels: map[string]string{"app": "db"}}, []string{"cluster"}},
		"a cluster policy that names namespaces is held to them": {Identity{Name: "run", Namespace: "bank", Labels: web}, []string{"web-elsewhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, names(Selected(all, c.who))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProfileOfFollowsTheLinksOfTheContainersRoot(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(strings.NewReader(strings.Replace(object("x"), "/usr/bin/x", dir+"/link/x", 1)), "x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := ProfileOf(p, os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := profile.Policies[0].Rules[0].Match.Path, dir+"/real/x"; got != want {
		t.Errorf("the rule is for %s, want %s", got, want)
	}
	if _, err := ProfileOf(p, 1<<30, nil); err == nil || !strings.Contains(err.Error(), "root") {
		t.Errorf("of a process that does not exist: %v", err)
	}
}
