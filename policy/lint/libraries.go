package lint

import (
	"fmt"
	"path"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// libraries finds file allow-lists under which programs can't load their libraries. (The
// loader itself is part of its program and no file operation.)
func (c *checker) libraries() {
	if !c.hasAllowList(policy.File) {
		return
	}
	if c.Root == nil {
		c.usualLibraries()
		return
	}
	for _, program := range c.allowedPrograms() {
		if missing := c.missingLibraries(program); len(missing) > 0 {
			c.add(Libraries, Warning, "spec.file", "allow reading them, or use the runtime baseline",
				"%s does not start: reading %s is not allowed", program, shorten(missing))
		}
	}
}

// usualLibraries asks about the places where each distribution has its libraries.
func (c *checker) usualLibraries() {
	for _, lib := range []string{
		"/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/usr/lib/aarch64-linux-gnu/libc.so.6",
		"/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/lib/libz.so.1", "/usr/lib/libz.so.1",
	} {
		for _, source := range append(c.allowedPrograms(), "") {
			if _, denied := c.denied(explain.Question{Verb: explain.Read, Path: lib, Source: source}); !denied {
				return
			}
		}
	}
	c.add(Libraries, Warning, "spec.file", "allow reading /lib/ and /usr/lib/, or use the runtime baseline",
		"allows reading no library: a dynamically linked program does not start")
}

// allowedPrograms are the programs that the policy allows by exact path.
func (c *checker) allowedPrograms() []string {
	var names []string
	for i := range c.rules() {
		if r := &c.rules()[i]; r.Category == policy.Process && r.Action == policy.Allow && r.Match.Kind == policy.MatchPath {
			names = append(names, r.Match.Path)
		}
	}
	return names
}

// missingLibraries follows what the program and its libraries need.
func (c *checker) missingLibraries(program string) []string {
	var missing []string
	seen := map[string]bool{}
	loader := "" // by now it is in memory; libraries name it among what they need
	queue := []string{program}
	for len(queue) > 0 && len(seen) < 1000 {
		file := queue[0]
		queue = queue[1:]
		p, err := explain.ReadProgram(c.Root, file)
		if err != nil {
			continue
		}
		if file == program {
			loader = path.Base(p.Loader)
		}
		for _, name := range p.Libraries {
			lib := c.findLibrary(name, p.RunPath, path.Dir(file))
			if lib == "" || seen[lib] || name == loader {
				continue
			}
			seen[lib] = true
			queue = append(queue, lib)
			if _, denied := c.denied(explain.Question{Verb: explain.Read, Path: lib, Source: program}); denied {
				missing = append(missing, lib)
			}
		}
	}
	return missing
}

// findLibrary looks where the loader looks, without its cache; "" where it finds nothing.
func (c *checker) findLibrary(name string, runPath []string, origin string) string {
	if strings.Contains(name, "/") {
		return name
	}
	dirs := append([]string{}, runPath...)
	for _, lib := range []string{"/lib", "/usr/lib", "/usr/local/lib"} {
		dirs = append(dirs, lib, lib+"64", lib+"/x86_64-linux-gnu", lib+"/aarch64-linux-gnu")
	}
	for _, dir := range dirs {
		dir = strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(dir)
		real, _ := c.lookUp(path.Join("/", dir, name))
		if info, err := c.stat(real); err == nil && info.Mode().IsRegular() {
			return real
		}
	}
	return ""
}

func shorten(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
