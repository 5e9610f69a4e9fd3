package workload

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"kubearmor.io/policy"
)

// memo remembers profiles by what they were made of: the verdict, the other names of the container's
// files, and every link of its root that was looked at. Where a root answers the same, the profile is
// the same, and the enforcer shares what it compiled from it.
type memo struct {
	mu    sync.Mutex
	known map[string][]remembered
	order []string // keys, the oldest first; a key as often as it has profiles
}

type remembered struct {
	asked   []question
	others  []policy.OtherName
	profile *policy.Profile
}

// maxRemembered bounds the memory: more profiles are in force on no node.
const maxRemembered = 1024

// profile returns the profile of a verdict in a root, and whether it had to be made.
func (m *memo) profile(v verdict, root fs.ReadLinkFS) (p *policy.Profile, made bool, err error) {
	looks := &looks{root: root, answers: map[look]answer{}, told: map[look]bool{}}
	for _, r := range m.of(v.key) {
		if slices.Equal(r.others, v.options.OtherNames) && looks.agrees(r.asked) {
			return r.profile, false, nil
		}
	}
	opt := v.options
	opt.Root = looks
	p, err = policy.NewProfile(v.selected, opt)
	if err != nil {
		return nil, false, err
	}
	m.remember(v.key, remembered{looks.asked, opt.OtherNames, p})
	return p, true, nil
}

func (m *memo) of(key string) []remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[key]
}

func (m *memo) remember(key string, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string][]remembered{}
	}
	if len(m.order) == maxRemembered {
		first := m.order[0]
		m.order = m.order[1:]
		if rest := m.known[first][1:]; len(rest) > 0 {
			m.known[first] = rest
		} else {
			delete(m.known, first)
		}
	}
	// A new slice: the old one may be read.
	m.known[key] = append(append([]remembered(nil), m.known[key]...), r)
	m.order = append(m.order, key)
}

// look is one question that resolving asks of a root.
type look struct {
	link bool // what the link leads to; else what the name is
	name string
}

type answer struct {
	mode   fs.FileMode // the type alone
	target string
	err    string
}

type question struct {
	look
	answer
}

// looks is a root that remembers what it was asked, and asks it once. It says no more of a file
// than it remembers.
type looks struct {
	root    fs.ReadLinkFS
	answers map[look]answer
	asked   []question // what resolving has been told, in order, each once
	told    map[look]bool
}

func (l *looks) ask(q look) answer {
	a, ok := l.answers[q]
	if !ok {
		a = l.find(q)
		l.answers[q] = a
	}
	return a
}

func (l *looks) find(q look) (a answer) {
	var err error
	if q.link {
		a.target, err = l.root.ReadLink(q.name)
	} else {
		var info fs.FileInfo
		if info, err = l.root.Lstat(q.name); err == nil {
			a.mode = info.Mode().Type()
		}
	}
	if err != nil {
		a.err = err.Error()
	}
	return a
}

// agrees says whether the root answers as another did.
func (l *looks) agrees(asked []question) bool {
	for _, q := range asked {
		if l.ask(q.look) != q.answer {
			return false
		}
	}
	return true
}

// answer asks, and writes down that it was asked.
func (l *looks) answer(q look) (answer, error) {
	a := l.ask(q)
	if !l.told[q] {
		l.told[q] = true
		l.asked = append(l.asked, question{q, a})
	}
	if a.err != "" {
		return a, errors.New(a.err)
	}
	return a, nil
}

// Open implements fs.FS. Resolving reads no file: what one holds is not remembered.
func (l *looks) Open(name string) (fs.File, error) {
	return nil, fmt.Errorf("open %s: only links are looked at", name)
}

// ReadLink implements fs.ReadLinkFS.
func (l *looks) ReadLink(name string) (string, error) {
	a, err := l.answer(look{true, name})
	return a.target, err
}

// Lstat implements fs.ReadLinkFS.
func (l *looks) Lstat(name string) (fs.FileInfo, error) {
	a, err := l.answer(look{false, name})
	if err != nil {
		return nil, err
	}
	return kind{name, a.mode}, nil
}

// kind is a file's type as fs.FileInfo.
type kind struct {
	name string
	mode fs.FileMode
}

func (k kind) Name() string       { return k.name }
func (k kind) Size() int64        { return 0 }
func (k kind) Mode() fs.FileMode  { return k.mode }
func (k kind) ModTime() time.Time { return time.Time{} }
func (k kind) IsDir() bool        { return k.mode.IsDir() }
func (k kind) Sys() any           { return nil }
