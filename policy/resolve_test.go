package policy

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func rootOf(files []string, links map[string]string) fs.ReadLinkFS {
	return (&tableRoot{Files: files, Links: links}).fs()
}

func TestResolvePath(t *testing.T) {
	root := rootOf([]string{"/usr/bin/bash", "/a/b/c/file", "/etc/real"}, map[string]string{
		"/bin": "usr/bin", "/usr/bin/sh": "bash", "/lib": "/usr/lib", "/deep": "a/b/c", "/etc/link": "real", "/up": "../../../../etc",
		"/one": "two", "/two": "three/x", "/three": "/a/b", "/self": "self", "/x": "y", "/y": "z", "/z": "x", "/in": "/x/below",
		"/whole": "/", "/slash": "usr/bin/", "/dots": "./usr/./bin", "/gone": "/nowhere/file", "/a/b/back": "../../etc", "/after": "deep/../other",
		"/proc/self": "17", "/proc/17/exe": "/usr/bin/bash", "/proc/17/task/18/cwd": "/etc", "/proc/mounts": "self/mounts", "/mtab": "proc/mounts",
		"/dev/stdout": "/proc/self/fd/1", "/dev/fd": "/proc/self/fd", "/proc/sys/link": "/etc", "/procs": "/etc",
	})
	for _, c := range []struct {
		name, path string
		last       bool
		want, link string
	}{
		{name: "a path without links", path: "/usr/bin/bash", want: "/usr/bin/bash"},
		{name: "the root", path: "/", last: true, want: "/"},
		{name: "a link in a directory", path: "/bin/bash", want: "/usr/bin/bash"},
		{name: "an absolute link", path: "/lib/x.so", want: "/usr/lib/x.so"},
		{name: "the last component as a link", path: "/bin/sh", want: "/usr/bin/sh", link: "/usr/bin/bash"},
		{name: "the last component resolved", path: "/bin/sh", last: true, want: "/usr/bin/bash"},
		{name: "a chain of links", path: "/one", last: true, want: "/a/b/x"},
		{name: "a chain of links in directories", path: "/one/y", want: "/a/b/x/y"},
		{name: "a link that climbs above the root", path: "/up/real", want: "/etc/real"},
		{name: "a link to the root", path: "/whole/etc/real", want: "/etc/real"},
		{name: "a link to the root itself", path: "/whole", last: true, want: "/"},
		{name: "a link that ends with a slash", path: "/slash/bash", want: "/usr/bin/bash"},
		{name: "a link with dots", path: "/dots/bash", want: "/usr/bin/bash"},
		{name: "a relative link from where it lies", path: "/a/b/back/real", want: "/etc/real"},
		{name: "dot-dot after a link leads above the link's target", path: "/after", last: true, want: "/a/b/other"},
		{name: "a link to what does not exist", path: "/gone", last: true, want: "/nowhere/file"},
		{name: "a link to what does not exist, as a name", path: "/gone", want: "/gone", link: "/nowhere/file"},
		{name: "below what does not exist", path: "/none/a/b", last: true, want: "/none/a/b"},
		{name: "below a file", path: "/etc/real/x", last: true, want: "/etc/real/x"},
		{name: "a link to itself", path: "/self", last: true, want: "/self"},
		{name: "a loop", path: "/y", last: true, want: "/y"},
		{name: "a loop in a directory", path: "/x/f", last: true, want: "/x/f"},
		{name: "a link that leads below a loop", path: "/in", last: true, want: "/in"},
		{name: "a link that leads below a loop, as a name", path: "/in", want: "/in"},
		{name: "/proc/self", path: "/proc/self", last: true, want: "/proc/self"},
		{name: "below /proc/self", path: "/proc/self/status", last: true, want: "/proc/self/status"},
		{name: "exe of a process", path: "/proc/17/exe", last: true, want: "/proc/17/exe"},
		{name: "below cwd of a task", path: "/proc/17/task/18/cwd/real", last: true, want: "/proc/17/task/18/cwd/real"},
		{name: "a link to the caller's own mounts", path: "/mtab", last: true, want: "/proc/self/mounts"},
		{name: "/dev/stdout", path: "/dev/stdout", last: true, want: "/dev/stdout"},
		{name: "/dev/fd", path: "/dev/fd/3", last: true, want: "/dev/fd/3"},
		{name: "an ordinary link below /proc", path: "/proc/sys/link/real", want: "/etc/real"},
		{name: "a name that begins like /proc", path: "/procs/real", want: "/etc/real"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, link := resolvePath(root, c.path, c.last)
			if got != c.want || link != c.link {
				t.Errorf("resolvePath(%s, %t) = %q, %q, want %q, %q", c.path, c.last, got, link, c.want, c.link)
			}
		})
	}
}

func TestResolvePathFollowsAsManyLinksAsTheKernel(t *testing.T) {
	links := map[string]string{}
	for i := range 41 {
		links[fmt.Sprintf("/l%d", i)] = fmt.Sprintf("l%d", i+1)
	}
	root := rootOf(nil, links)
	if got, _ := resolvePath(root, "/l1", true); got != "/l41" {
		t.Errorf("forty links lead to %s, want /l41", got)
	}
	if got, _ := resolvePath(root, "/l0", true); got != "/l0" {
		t.Errorf("forty-one links lead to %s, want the name as written", got)
	}
}

func TestWithoutARootRulesStayAsWritten(t *testing.T) {
	if got, link := resolvePath(nil, "/bin/sh", false); got != "/bin/sh" || link != "" {
		t.Errorf("resolvePath = %q, %q", got, link)
	}
}

// A link's target is chosen by whoever made the image.
func TestResolvePathNeverLooksThroughLinksThatTheKernelComputes(t *testing.T) {
	root := &recordingFS{ReadLinkFS: rootOf(nil, map[string]string{"/x": "/proc/self/root/etc", "/proc/self": "1"})}
	for _, name := range []string{"/proc/self/root/etc/shadow", "/proc/1/cwd/x", "/proc/12/task/13/root/x", "/x/shadow", "/dev/fd/3/x"} {
		resolvePath(root, name, true)
	}
	for _, name := range root.asked {
		below, _ := strings.CutPrefix(name, "proc/")
		if strings.Contains(below, "/") && name != below || below == "self" || strings.HasPrefix(name, "dev/fd") {
			t.Errorf("the root was asked for %s", name)
		}
	}
	if len(root.asked) == 0 {
		t.Error("the root was asked for nothing")
	}
}

type recordingFS struct {
	fs.ReadLinkFS
	asked []string
}

func (r *recordingFS) Lstat(name string) (fs.FileInfo, error) {
	r.asked = append(r.asked, name)
	return r.ReadLinkFS.Lstat(name)
}

func TestNamesThatAreNotUTF8MakeDifferentProfiles(t *testing.T) {
	hash := func(target string) string {
		p := &Policy{Ref: Ref{Name: "p"}, Rules: []Rule{{Field: "spec.file.matchPaths[0]", Category: File, Match: Matcher{Kind: MatchPath, Path: "/link"}}}}
		root := fstest.MapFS{"link": {Mode: fs.ModeSymlink, Data: []byte(target)}}
		return mustProfile(t, []*Policy{p}, Options{Root: root, NoBaseline: true}).Hash()
	}
	if hash("/\xfe") == hash("/\xff") {
		t.Error("links to different names give one hash, so one profile would be shared by both containers")
	}
	if hash("/\xff") != hash("/\xff") {
		t.Error("the same link gives two hashes")
	}
}
