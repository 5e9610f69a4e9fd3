package lint

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"kubearmor.io/policy"
)

// names looks at what the paths of rules are, as far as that can be known.
func (c *checker) names() {
	resolved := map[string]*policy.ProfileRule{}
	for i := range c.rules() {
		resolved[c.rules()[i].Field] = &c.rules()[i]
	}
	for i := range c.policy.Rules {
		r := &c.policy.Rules[i]
		pathOrDir := r.Match.Kind == policy.MatchPath || r.Match.Kind == policy.MatchDir
		if !pathOrDir || r.Category != policy.Process && r.Category != policy.File {
			continue
		}
		if c.computed(r) || c.Root == nil {
			continue
		}
		c.link(r, resolved[r.Field])
		c.existing(r, resolved[r.Field])
	}
}

// computed finds names that no file is ever judged by: the kernel follows such a link to
// what it stands for.
func (c *checker) computed(r *policy.Rule) bool {
	for _, link := range []string{
		"/proc/self/exe", "/proc/self/cwd", "/proc/self/root", "/proc/self/fd", "/proc/thread-self", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr",
	} {
		rest, ok := strings.CutPrefix(r.Match.Path, link)
		if !ok || rest != "" && rest[0] != '/' || link == "/proc/self/fd" && rest == "" {
			continue
		}
		c.add(NeverMatches, Warning, r.Field, "name the file that is meant",
			"never matches: the kernel follows %s to another file, and that file's own name is judged", link)
		return true
	}
	return false
}

// link says what a rule is about that names a link.
func (c *checker) link(written *policy.Rule, r *policy.ProfileRule) {
	name := written.Match.Path
	real, isLink := c.lookUp(name)
	switch {
	case real == name:
	case !isLink:
		c.add(Link, Note, r.Field, "", "%s lies behind a link: the rule is about %s", name, real)
	case r.Category == policy.File || written.Match.Kind == policy.MatchDir:
		c.add(Link, Warning, r.Field, "write the path it leads to, so that the rule says what it is about",
			"%s is a link: the rule is about %s, under whatever name that is reached", name, real)
	case r.Action != policy.Allow && c.multiCall(real):
		c.add(MultiCall, Warning, r.Field, fmt.Sprintf("block %s too if nothing needs it, or allow what is needed and nothing else", real),
			"%s is a link to %s, which is many programs in one: `%s %s` starts it past this rule", name, real, path.Base(real), path.Base(name))
	default:
		c.add(Link, Warning, r.Field, "write the path it leads to if every name of that program is meant",
			"%s is a link: the rule is about %s when it is started as %s", name, real, path.Base(name))
	}
}

// lookUp resolves a name in the root as the rules are, and says whether its last part is a link.
func (c *checker) lookUp(name string) (real string, isLink bool) {
	asked := &policy.Policy{Rules: []policy.Rule{{Category: policy.Process, Match: policy.Matcher{Kind: policy.MatchPath, Path: name}}}}
	p, err := policy.NewProfile([]*policy.Policy{asked}, policy.Options{Root: c.Root, NoBaseline: true})
	if err != nil {
		return name, false
	}
	r := &p.Policies[0].Rules[0]
	return r.Match.Path, r.LinkName != ""
}

func (c *checker) stat(name string) (fs.FileInfo, error) {
	if name == "/" {
		return c.Root.Lstat(".")
	}
	return c.Root.Lstat(strings.TrimPrefix(name, "/"))
}

// existing compares what the rule takes the name for with what it is.
func (c *checker) existing(written *policy.Rule, r *policy.ProfileRule) {
	info, err := c.stat(r.Match.Path)
	name := written.Match.Path
	switch {
	case err != nil:
		if r.Category == policy.Process && r.Action == policy.Allow && written.Match.Kind == policy.MatchPath {
			c.add(NeverMatches, Note, r.Field, "", "%s is not in the root: nothing is started by this rule", name)
		}
	case info.IsDir() && written.Match.Kind == policy.MatchPath:
		c.add(NeverMatches, Warning, r.Field, "use matchDirectories with dir: "+name+"/",
			"%s is a directory: a path is about the directory itself and nothing in it", name)
	case !info.IsDir() && written.Match.Kind == policy.MatchDir:
		c.add(NeverMatches, Warning, r.Field, "use matchPaths with path: "+name, "%s is no directory: nothing lies in it", name)
	}
}

// manyLinks is how many names a program has at least that counts as many programs. Versions
// of one program (python, python3, python3.11) have fewer.
const manyLinks = 6

// multiCall says whether the program decides by the name it is started as what it is.
func (c *checker) multiCall(real string) bool {
	switch path.Base(real) {
	case "busybox", "busybox.static", "toybox", "coreutils", "sbase-box", "ubase-box":
		return true
	}
	links := 0
	for _, dir := range []string{"bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin"} {
		entries, err := fs.ReadDir(c.Root, dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.Type()&fs.ModeSymlink == 0 {
				continue
			}
			if target, _ := c.lookUp("/" + dir + "/" + e.Name()); target == real {
				links++
			}
		}
	}
	return links >= manyLinks
}
