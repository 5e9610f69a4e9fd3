package workload

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Container is one of a pod's, as the container runtime describes it.
type Container struct {
	ID     string // the runtime's, unique
	Name   string // in its pod
	Pod    Pod
	Labels map[string]string // of the container, by the runtime
	Image  string            // reference; empty if the runtime does not say
	PID    int               // of its first process, as the agent sees it
	Cgroup string            // folder of its cgroup v2, which exists
	// Starting: its own program does not run yet.
	Starting bool
	// StartedBefore: it was started while nobody was told, so its program has run without policies.
	StartedBefore bool
}

// Pod is what a container belongs to.
type Pod struct {
	Namespace   string
	Name        string
	UID         string
	Labels      map[string]string
	Annotations map[string]string
}

// String names the container as people look for it.
func (c Container) String() string {
	return fmt.Sprintf("%s/%s/%s (%s)", c.Pod.Namespace, c.Pod.Name, c.Name, shortID(c.ID))
}

func shortID(id string) string { return id[:min(len(id), 13)] }

// Limits on what a container may say of itself. Kubernetes has narrower ones.
const (
	MaxID       = 256
	MaxName     = 253
	MaxImage    = 4096
	MaxTexts    = 512 << 10 // bytes of all keys and values of one map
	maxKeyBytes = 317       // of a label or annotation: prefix, slash, name
)

// Check refuses what no container is called. Nothing is cut: a label that is cut would select
// other policies.
func (c Container) Check() error {
	if err := CheckID(c.ID); err != nil {
		return err
	}
	for _, n := range []struct{ what, text string }{
		{"name", c.Name}, {"pod's name", c.Pod.Name}, {"pod's namespace", c.Pod.Namespace}, {"pod's UID", c.Pod.UID},
	} {
		if err := checkName(n.text); err != nil {
			return fmt.Errorf("its %s %w", n.what, err)
		}
	}
	if c.Name == "" || c.Pod.Namespace == "" {
		return errors.New("it has no name, or its pod no namespace")
	}
	if len(c.Image) > MaxImage || !utf8.ValidString(c.Image) {
		return fmt.Errorf("its image's name is longer than %d bytes, or not UTF-8", MaxImage)
	}
	for _, m := range []struct {
		what  string
		texts map[string]string
	}{{"labels", c.Labels}, {"pod's labels", c.Pod.Labels}, {"pod's annotations", c.Pod.Annotations}} {
		if err := checkTexts(m.texts); err != nil {
			return fmt.Errorf("its %s: %w", m.what, err)
		}
	}
	return nil
}

// CheckID refuses what no runtime gives as an ID.
func CheckID(id string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r)
	}
	if id == "" || len(id) > MaxID || strings.Trim(id, ".") == "" || strings.ContainsFunc(id, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%q is no container's ID", id[:min(len(id), MaxID)])
	}
	return nil
}

func checkName(name string) error {
	if len(name) > MaxName {
		return fmt.Errorf("is longer than %d bytes", MaxName)
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("%q holds what can't be printed", name)
	}
	return nil
}

func checkTexts(texts map[string]string) error {
	size := 0
	for key, value := range texts {
		if len(key) > maxKeyBytes {
			return fmt.Errorf("a key is longer than %d bytes", maxKeyBytes)
		}
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("%q is not UTF-8", key)
		}
		if size += len(key) + len(value); size > MaxTexts {
			return fmt.Errorf("they are longer than %d bytes", MaxTexts)
		}
	}
	return nil
}
