package explain

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"kubearmor.io/policy"
)

// target returns the name of the file that the kernel reaches by name in root, with no link
// left. A nil root leaves it as written. The path of a rule is resolved in the same way, so
// it is asked of a profile: there is one resolution, not two that could differ.
func target(root fs.ReadLinkFS, name string) (string, error) {
	asked := &policy.Policy{Rules: []policy.Rule{{
		Category: policy.File, Match: policy.Matcher{Kind: policy.MatchPath, Path: name},
	}}}
	p, err := policy.NewProfile([]*policy.Policy{asked}, policy.Options{Root: root, NoBaseline: true})
	if err != nil {
		return "", err
	}
	return p.Policies[0].Rules[0].Match.Path, nil
}

// judged returns the names under which the file at name is judged, and whether it belongs
// to another task. Links below /proc that the kernel computes are followed where that can be
// known from the question alone.
func (a *asker) judged(name string) (policy.Names, bool, error) {
	name, err := a.followComputed(name)
	if err != nil {
		return policy.Names{}, false, err
	}
	if name, err = target(a.root, name); err != nil {
		return policy.Names{}, false, err
	}
	if name, err = a.followComputed(name); err != nil {
		return policy.Names{}, false, err
	}
	if rest, ok := strings.CutPrefix(name, "/proc/"); ok {
		entry, _, _ := strings.Cut(rest, "/")
		if strings.Trim(entry, "0123456789") == "" && entry != "" {
			return policy.Name(name), true, nil
		}
	}
	return policy.Name(name), false, nil
}

// followComputed replaces a link whose target depends on who asks by what it is to the
// caller, and says so where only the running process knows.
func (a *asker) followComputed(name string) (string, error) {
	for _, l := range [][2]string{
		{"/dev/fd", "/proc/self/fd"}, {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
		// Every thread's entry is below that of its process; which number it has doesn't matter.
		{"/proc/thread-self", "/proc/self/task/1"},
	} {
		if rest, ok := cutDir(name, l[0]); ok {
			name = l[1] + rest
		}
	}
	if rest, ok := cutDir(name, "/proc/self/root"); ok {
		return path.Clean("/" + rest), nil
	}
	if name == "/proc/self/exe" && a.question.Source != "" {
		return a.question.Source, nil
	}
	for _, link := range []string{"/proc/self/exe", "/proc/self/cwd"} {
		if _, ok := cutDir(name, link); ok {
			return "", fmt.Errorf("%s leads to a file that only the running process knows: ask about that file", name)
		}
	}
	if rest, ok := cutDir(name, "/proc/self/fd"); ok && rest != "" {
		return "", fmt.Errorf("%s leads to a file that only the running process knows: ask about that file", name)
	}
	return name, nil
}

// cutDir cuts dir off a name that is dir or lies below it.
func cutDir(name, dir string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(name, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}
