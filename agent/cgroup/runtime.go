package cgroup

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// longestPath bounds what is taken for the path of a cgroup, as PATH_MAX does.
const longestPath = 4096

// Declared reads a container's cgroup as an OCI runtime is told it (cgroupsPath): for the
// systemd driver "SLICE:PREFIX:NAME", for cgroupfs a path. It returns the path that this
// comes to in the hierarchy of the node that the runtime runs on.
func Declared(text string) (string, error) {
	if len(text) > longestPath || strings.ContainsAny(text, "\x00\n") {
		return "", errors.New("the runtime's name of the cgroup is no path")
	}
	if parts := strings.Split(text, ":"); len(parts) == 3 && !strings.Contains(text, "/") {
		return scope(parts[0], parts[1], parts[2])
	}
	name := "/" + strings.TrimPrefix(text, "/")
	if name == "/" || path.Clean(name) != name {
		return "", fmt.Errorf("the runtime names the cgroup %q, which is no clean path", text)
	}
	return name, nil
}

// scope returns the path of a systemd scope (or of a slice, if the name is one's).
func scope(slice, prefix, name string) (string, error) {
	dir, err := expand(slice)
	if err != nil {
		return "", err
	}
	unit := name
	if !strings.HasSuffix(name, ".slice") {
		if prefix != "" {
			unit = prefix + "-" + name
		}
		unit += ".scope"
	}
	if name == "" {
		return "", errors.New("the runtime names a systemd unit without a name")
	}
	return path.Join(dir, unit), nil
}

// expand returns the path of a slice: a dash in its name makes a level (systemd.slice(5)).
func expand(slice string) (string, error) {
	name, ok := strings.CutSuffix(slice, ".slice")
	switch {
	case slice == "":
		return "/system.slice", nil // as the runtimes do
	case name == "-":
		return "/", nil
	case !ok || name == "" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") || strings.Contains(name, "--"):
		return "", fmt.Errorf("the runtime names the slice %q, which systemd would not", slice)
	}
	dir := ""
	for i := range len(name) {
		if name[i] == '-' {
			dir += "/" + name[:i] + ".slice"
		}
	}
	return dir + "/" + slice, nil
}

// Locate finds a container's cgroup from the text of /proc/PID/cgroup of a process of it and the
// declared path. The process may be in a cgroup below, and the node itself in one of
// another node: then the declared path is found further in. The outermost place
// counts, for a container can make cgroups of any name, but only below its own.
func Locate(text, declared string) (string, error) {
	have, ok := unified(text)
	if !ok {
		return "", errors.New("its process is in no cgroup v2: containers need the unified hierarchy")
	}
	if !strings.HasPrefix(have, "/") || path.Clean(have) != have || len(have) > longestPath {
		return "", fmt.Errorf("its process is in cgroup %q, outside of what the agent sees: give the agent the host's cgroup namespace", have)
	}
	// A name ends at a slash or at the end.
	at := strings.Index(have+"/", declared+"/")
	if at < 0 {
		return "", fmt.Errorf("its process is in cgroup %s, but the runtime says %s", have, declared)
	}
	return have[:at+len(declared)], nil
}

// Contains says whether a cgroup is the other, or above it.
func (g Group) Contains(other Group) bool {
	return g.Dir == other.Dir || strings.HasPrefix(other.Dir, strings.TrimSuffix(g.Dir, "/")+"/")
}
