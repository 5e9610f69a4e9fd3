package workload

import (
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"kubearmor.io/policy"
)

// counted counts how often a root is looked at.
type counted struct {
	fs.ReadLinkFS
	looks int
}

func (c *counted) Lstat(name string) (fs.FileInfo, error) {
	c.looks++
	return c.ReadLinkFS.Lstat(name)
}

func TestEqualContainersShareAProfile(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	for i, id := range []string{"a", "b", "c"} {
		c := h.container(id, "web", 71+i)
		if id == "c" { // a root in which the rule means another file
			h.link(h.roots[73], "usr/bin/sh", "dash")
		}
		h.start(c)
	}
	a, b, c := h.enforcer.profile("a"), h.enforcer.profile("b"), h.enforcer.profile("c")
	if a != b {
		t.Error("equal containers have a profile each")
	}
	if a == c || c.Policies[0].Rules[0].Match.Path != "/usr/bin/dash" {
		t.Errorf("in another root the rule is for %s", c.Policies[0].Rules[0].Match.Path)
	}
}

func TestAContainerWithOtherNamesHasAProfileOfItsOwn(t *testing.T) {
	h := newHouse(t, Options{}, ksp("no-tool", "web", "/second/tool"))
	h.enforcer.mounts["b"] = []policy.Mount{{FileSystem: 1, Root: "/", Point: "/"}, {FileSystem: 2, Root: "/", Point: "/first"}, {FileSystem: 2, Root: "/", Point: "/second"}}
	for i, id := range []string{"a", "b"} {
		h.start(h.container(id, "web", 71+i))
	}
	rules := func(id string) (paths []string) {
		for _, r := range h.enforcer.profile(id).Policies[0].Rules {
			paths = append(paths, r.Match.Path)
		}
		return paths
	}
	if got := rules("a"); !slices.Equal(got, []string{"/second/tool"}) {
		t.Errorf("a has rules for %v", got)
	}
	if got := rules("b"); !slices.Equal(got, []string{"/second/tool", "/first/tool"}) {
		t.Errorf("b, where /second is mounted as /first too, has rules for %v", got)
	}
}

func TestAMemoMakesNoProfileTwice(t *testing.T) {
	var m memo
	h := newHouse(t, Options{}, ksp("no-sh", "web", "/bin/sh"))
	v := verdict{selected: h.facts.Policies, key: "k"}
	root := &counted{ReadLinkFS: fstest.MapFS{"bin": {Mode: fs.ModeSymlink, Data: []byte("usr/bin")}}}
	first, made, err := m.profile(v, root)
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	want, err := policy.NewProfile(v.selected, policy.Options{Root: root.ReadLinkFS})
	if err != nil || first.Hash() != want.Hash() {
		t.Errorf("it is not the profile without a memo: %v", err)
	}
	once := root.looks
	second, made, err := m.profile(v, root)
	if err != nil || made || second != first || root.looks != 2*once {
		t.Errorf("made %v, %v, after %d looks and %d", made, err, once, root.looks-once)
	}
}

func TestAMemoIsBounded(t *testing.T) {
	var m memo
	for i := range 3 * maxRemembered {
		m.remember(fmt.Sprint(i%7), remembered{profile: &policy.Profile{}})
	}
	kept := 0
	for _, all := range m.known {
		kept += len(all)
	}
	if kept != maxRemembered || len(m.order) != maxRemembered {
		t.Errorf("%d profiles are kept, of %d", kept, len(m.order))
	}
}
