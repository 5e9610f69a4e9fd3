package policyset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"kubearmor.io/policy"
)

// Identity is what a container is called, for selection and in events.
type Identity struct {
	Name      string
	Namespace string
	Labels    map[string]string
}

// ParseLabels reads k=v,k=v.
func ParseLabels(s string) (map[string]string, error) {
	labels := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("label %q: write it as name=value", pair)
		}
		labels[key] = value
	}
	return labels, nil
}

// Selected returns the policies that concern a container; those for hosts never do. Without
// labels all others do. Without a namespace each policy is taken to be of the container's; in
// a file, a policy that names none is of namespace default.
func Selected(all []*policy.Policy, who Identity) []*policy.Policy {
	var out []*policy.Policy
	host, _ := os.Hostname()
	for _, p := range all {
		if p.Kind == policy.KindHostPolicy {
			continue
		}
		target := policy.Target{HostName: host, Namespace: who.Namespace, Labels: who.Labels, Container: who.Name}
		if who.Namespace == "" {
			target.Namespace = p.Namespace
		}
		if len(who.Labels) == 0 || p.Selects(target) {
			out = append(out, p)
		}
	}
	return out
}

// ProfileOf resolves the policies in the root that a process of the container sees, and for the
// mounts that were recorded of it.
func ProfileOf(selected []*policy.Policy, pid int, recorded []policy.Mount) (*policy.Profile, error) {
	root, err := OpenRoot(pid)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return policy.NewProfile(selected, policy.Options{Root: root, OtherNames: policy.OtherNames(recorded)})
}

// Root is a container's root, in which links are looked at.
type Root struct {
	fs.ReadLinkFS
	io.Closer
}

// OpenRoot opens the root that a process of the container sees. Nothing leads out of it.
func OpenRoot(pid int) (Root, error) {
	root, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root", pid))
	if err != nil {
		return Root{}, fmt.Errorf("open the container's root: %w", err)
	}
	links, ok := root.FS().(fs.ReadLinkFS)
	if !ok {
		return Root{}, errors.Join(errors.New("the container's root can't be read for links"), root.Close())
	}
	return Root{links, root}, nil
}
