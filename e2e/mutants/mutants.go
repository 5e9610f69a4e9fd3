package mutants

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed mutants.yaml
var list []byte

// Mutant is one change of the programs.
type Mutant struct {
	File    string `json:"file"` // below bpf/
	Text    string `json:"text"` // stands in it once
	Instead string `json:"instead,omitempty"`
	Tests   string `json:"tests"` // of which one must fail, as -test.run takes them
}

// String says in one line what is changed.
func (m Mutant) String() string {
	return fmt.Sprintf("%s: %q for %q", m.File, strings.TrimSpace(m.Instead), strings.TrimSpace(m.Text))
}

// Mutants lists them.
func Mutants() ([]Mutant, error) {
	var all []Mutant
	if err := yaml.UnmarshalStrict(list, &all); err != nil {
		return nil, fmt.Errorf("mutants.yaml: %w", err)
	}
	return all, nil
}

// Changed returns the file's text with the change.
func (m Mutant) Changed(source string) (string, error) {
	if n := strings.Count(source, m.Text); n != 1 {
		return "", fmt.Errorf("%s: %q stands there %d times, not once: mend mutants.yaml", m.File, m.Text, n)
	}
	return strings.Replace(source, m.Text, m.Instead, 1), nil
}

// Tree is a copy of the repository that is changed, built and tested.
type Tree struct {
	dir   string
	cache string // of the lab
}

// NewTree copies the files that git knows, as they are in the working tree, and the lab's program.
func NewTree(ctx context.Context, root string) (*Tree, error) {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	t := &Tree{dir, os.Getenv("KUBEARMOR_CACHE")}
	if t.cache == "" {
		t.cache = filepath.Join(root, ".cache")
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", `git ls-files -z | xargs -0 cp --parents -t "$0" && cp --parents bin/lab "$0"`, dir)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the tree: %w\n%s", err, out), t.Remove())
	}
	return t, nil
}

// Remove removes the copy.
func (t *Tree) Remove() error { return os.RemoveAll(t.dir) }

// Try runs a mutant's tests on a kernel of the lab and returns the first that fails; none: the mutant
// goes unnoticed. The tree is as before then.
func (t *Tree) Try(ctx context.Context, m Mutant, kernel string) (noticed string, err error) {
	name := filepath.Join(t.dir, "bpf", m.File)
	source, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	changed, err := m.Changed(string(source))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.WriteFile(name, source, 0o644)) }()
	if out, err := t.run(ctx, "bpf", "go", "generate", "-run", " Enforcer ", "."); err != nil {
		return "", fmt.Errorf("%s: does not compile: %w\n%s", m, err, out)
	}
	out, err := t.run(ctx, ".", ".ci/guest-enforcement", kernel, "-test.failfast", "-test.run", m.Tests)
	if err == nil {
		return "", nil
	}
	for line := range strings.Lines(string(out)) {
		if failed, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			return failed, nil
		}
	}
	return "", fmt.Errorf("%s: no test fails, and yet: %w\n%s", m, err, out)
}

func (t *Tree) run(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(t.dir, dir)
	cmd.Env = append(os.Environ(), "KUBEARMOR_CACHE="+t.cache)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}
