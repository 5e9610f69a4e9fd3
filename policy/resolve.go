package policy

import (
	"io/fs"
	"path"
	"strings"
)

// maxLinks is the kernel's own limit (MAXSYMLINKS, include/linux/namei.h).
const maxLinks = 40

// resolvePath returns name as the kernel would reach it in root: no link is left in the
// directories, and none in the last component where last is set. What does not exist
// stays literal, and so do links that the kernel computes. A nil root resolves nothing.
// Where last is not set and the last component is a link, linkTarget is what it leads to.
func resolvePath(root fs.ReadLinkFS, name string, last bool) (resolved, linkTarget string) {
	if root == nil || name == "/" {
		return name, ""
	}
	w := linkWalk{root: root}
	dir := w.directory(path.Dir(name))
	if w.links > maxLinks {
		return name, ""
	}
	resolved = path.Join(dir, path.Base(name))
	target := w.follow(resolved)
	if target == resolved || w.links > maxLinks {
		return resolved, ""
	}
	if last {
		return target, ""
	}
	return resolved, target
}

// linkWalk resolves one name; it counts the links of that name. Beyond maxLinks there is
// nothing that the name leads to, as in a loop of links.
type linkWalk struct {
	root  fs.ReadLinkFS
	links int
}

// directory resolves every component of name.
func (w *linkWalk) directory(name string) string {
	done := "/"
	for _, part := range strings.Split(strings.Trim(name, "/"), "/") {
		switch part {
		case "", ".":
		case "..":
			done = path.Dir(done)
		default:
			done = w.follow(path.Join(done, part))
		}
	}
	return done
}

// follow resolves name, whose directory has no links, until it is no link any more.
func (w *linkWalk) follow(name string) string {
	if w.links > maxLinks || computedByKernel(name) {
		return name
	}
	info, err := w.root.Lstat(strings.TrimPrefix(name, "/"))
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return name
	}
	target, err := w.root.ReadLink(strings.TrimPrefix(name, "/"))
	if err != nil || target == "" {
		return name
	}
	if w.links++; w.links > maxLinks {
		return name // nothing can be reached here
	}
	if !path.IsAbs(target) {
		// Not path.Join: ".." after a link leads to the parent of the link's target.
		target = path.Dir(name) + "/" + target
	}
	return w.directory(target)
}

// computedByKernel says that name is a link whose target depends on who asks (proc(5):
// self, thread-self, and fd, root, cwd, exe and more below a process), one that only leads
// there, or a name that is reached through such a link.
func computedByKernel(name string) bool {
	for _, link := range []string{"/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc/self", "/proc/thread-self"} {
		if inDir(link, true, name) {
			return true
		}
	}
	rest, ok := strings.CutPrefix(name, "/proc/")
	if !ok {
		return false
	}
	process, _, below := strings.Cut(rest, "/")
	return below && strings.Trim(process, "0123456789") == ""
}
