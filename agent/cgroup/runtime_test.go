package cgroup

import (
	"path"
	"strings"
	"testing"
)

func TestDeclared(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"containerd, systemd":            {"kubepods-besteffort-pod1_2.slice:cri-containerd:abc", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/cri-containerd-abc.scope"},
		"CRI-O, systemd":                 {"kubepods-pod1.slice:crio:abc", "/kubepods.slice/kubepods-pod1.slice/crio-abc.scope"},
		"without a prefix":               {"a.slice::abc", "/a.slice/abc.scope"},
		"without a slice":                {":crio:abc", "/system.slice/crio-abc.scope"},
		"the root slice":                 {"-.slice:crio:abc", "/crio-abc.scope"},
		"a unit that is a slice":         {"a.slice:crio:abc.slice", "/a.slice/abc.slice"},
		"cgroupfs":                       {"/kubepods/besteffort/pod1/abc", "/kubepods/besteffort/pod1/abc"},
		"cgroupfs, relative":             {"kubepods/pod1/abc", "/kubepods/pod1/abc"},
		"cgroupfs, with colons in names": {"/k8s.io:x:y/abc", "/k8s.io:x:y/abc"},
	} {
		if got, err := Declared(c.text); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, text := range []string{
		"", "/", "/a/../b", "a//b", "/a/", "..", "/a\nb", "/a\x00", "a:b:c", "a..slice/../x.slice:crio:abc",
		"--a.slice:crio:abc", "a--b.slice:crio:abc", "-a.slice:crio:abc", "a-.slice:crio:abc", ".slice:crio:abc", "a.slice:crio:",
		"/" + strings.Repeat("a", longestPath),
	} {
		if got, err := Declared(text); err == nil {
			t.Errorf("%q was read as %q", text, got)
		}
	}
}

func TestLocate(t *testing.T) {
	const declared = "/kubepods.slice/pod.slice/crio-abc.scope"
	for name, c := range map[string]struct{ text, want, fails string }{
		"as declared":                            {"0::" + declared + "\n", declared, ""},
		"the process is further below":           {"0::" + declared + "/container/deep\n", declared, ""},
		"the node is in a cgroup of another":     {"0::/docker/n1" + declared + "\n", "/docker/n1" + declared, ""},
		"a look-alike below does not count":      {"0::" + declared + "/x" + declared + "\n", declared, ""},
		"beside hierarchies of version 1":        {"3:cpu:/x\n0::" + declared + "\n", declared, ""},
		"a longer name is another's":             {"0::" + declared + "2\n", "", "the runtime says"},
		"a name that only ends so":               {"0::/x" + declared[1:] + "\n", "", "the runtime says"},
		"another container's":                    {"0::/kubepods.slice/pod.slice/crio-def.scope\n", "", "crio-def"},
		"seen from another cgroup namespace":     {"0::/../../pod.slice/crio-abc.scope\n", "", "cgroup namespace"},
		"version 1 alone":                        {"3:cpu:" + declared + "\n", "", "unified"},
		"nothing":                                {"", "", "unified"},
		"no path":                                {"0::x\n", "", "cgroup namespace"},
		"the cgroup is gone and so its name":     {"0::" + declared + " (deleted)\n", "", "the runtime says"},
		"below a cgroup by a similar long name":  {"0::" + declared + "-x/y\n", "", "the runtime says"},
		"the process was moved out of all of it": {"0::/\n", "", "the runtime says"},
	} {
		got, err := Locate(c.text, declared)
		if c.fails == "" {
			if err != nil || got != c.want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %q, error %v, want one about %q", name, got, err, c.fails)
		}
	}
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"/a", "/a", true}, {"/a", "/a/b", true}, {"/a", "/ab", false}, {"/a/b", "/a", false}, {"/", "/a", true},
	} {
		if got := (Group{c.outer}).Contains(Group{c.inner}); got != c.want {
			t.Errorf("%s contains %s: %v", c.outer, c.inner, got)
		}
	}
}

// Whatever a runtime and the kernel say, what is found is a clean path within the
// process's own, and it ends as declared.
func FuzzLocate(f *testing.F) {
	f.Add("0::/kubepods.slice/kubepods-pod1.slice/crio-abc.scope\n", "kubepods-pod1.slice:crio:abc")
	f.Add("0::/docker/x/kubepods/pod1/abc/sub\n", "/kubepods/pod1/abc")
	f.Add("0::/../x\n", "a.slice::b")
	f.Fuzz(func(t *testing.T, text, told string) {
		declared, err := Declared(told)
		if err != nil {
			return
		}
		if !path.IsAbs(declared) || declared == "/" || strings.Contains(declared+"/", "/../") {
			t.Fatalf("%q declares %q", told, declared)
		}
		dir, err := Locate(text, declared)
		if err != nil {
			return
		}
		have, _ := unified(text)
		if path.Clean(dir) != dir || !strings.HasSuffix(dir, declared) || !(Group{dir}).Contains(Group{have}) {
			t.Errorf("%q in %q is %q", declared, have, dir)
		}
	})
}
