package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kubearmor.io/policy/glob"
)

// Posture is what happens to an operation that some allow-list of its category
// does not grant.
type Posture uint8

const (
	PostureBlock Posture = iota
	PostureAudit
)

// String returns the posture as written in configuration and annotations.
func (p Posture) String() string { return [...]string{"block", "audit"}[p] }

// Postures holds the default posture of each category that has one, indexed by
// Process, File, Network and Capabilities.
type Postures [4]Posture

// Options are the facts about one container (or the host) besides its policies.
type Options struct {
	// Host selects host policies' meaning: names are judged alone and nothing is protected.
	Host     bool
	Postures Postures
	// NoBaseline leaves out the runtime baseline (`fileBaseline: none`).
	NoBaseline bool
	// Audited treats every policy as one in mode Audit (pod annotation kubearmor-policy: audited).
	Audited bool
	// Root is the container's own root, in which rules are resolved; nil leaves them as written.
	Root fs.ReadLinkFS
	// OtherNames are those that the container's mounts give to its files. A rule holds for a file
	// by whichever of its names it was written.
	OtherNames []OtherName
}

// Profile is everything that decides for one container: ordered, resolved, canonical.
// The same policies and options give the same Profile, bytes and hash, in whatever
// order the policies are given. A Profile is never changed and may be shared.
type Profile struct {
	Host     bool
	Postures Postures
	Policies []ProfilePolicy
	Baseline []BaselineRule
}

// ProfilePolicy is one policy's share of a profile.
type ProfilePolicy struct {
	Ref   Ref
	Mode  Mode
	Rules []ProfileRule // the most specific first; between equals, in the order of the object
	// AllowList marks the categories in which the policy has an Allow rule.
	AllowList [NumCategories]bool
	// NotEnforced are the fields that nothing enforces yet.
	NotEnforced []NotEnforced `json:",omitempty"`
}

// ProfileRule is a rule with its paths resolved in the container's root.
type ProfileRule struct {
	Rule
	// LinkPath is a process rule's path where its last component, LinkName, is a link;
	// Match.Path is then the link's target.
	LinkPath string `json:",omitempty"`
	LinkName string `json:",omitempty"`

	position int // in the object
	key      specificity
	glob     *glob.Glob
	below    []*glob.Glob // the directories below which the glob may match
}

// RuleRef names a rule of a profile: the index of the policy and of the rule in it.
type RuleRef struct{ Policy, Rule int }

// NewProfile resolves and orders the rules of the policies that selection picked.
func NewProfile(policies []*Policy, opt Options) (*Profile, error) {
	p := &Profile{Host: opt.Host, Postures: opt.Postures}
	for _, src := range policies {
		pp, err := newProfilePolicy(src, opt)
		if err != nil {
			return nil, err
		}
		p.Policies = append(p.Policies, pp)
	}
	slices.SortStableFunc(p.Policies, func(a, b ProfilePolicy) int { return compareRefs(a.Ref, b.Ref) })
	if !opt.NoBaseline {
		p.Baseline = resolveBaseline(opt.Root)
	}
	return p, nil
}

func newProfilePolicy(src *Policy, opt Options) (ProfilePolicy, error) {
	pp := ProfilePolicy{Ref: src.Ref, Mode: src.Mode, NotEnforced: src.NotEnforced}
	if opt.Audited {
		pp.Mode = ModeAudit
	}
	for i := range src.Rules {
		r, err := resolveRule(src.Rules[i], i, opt.Root)
		if err != nil {
			return pp, fmt.Errorf("%s: %s: %w", src.Ref, src.Rules[i].Field, err)
		}
		r.FromSource = originsOfSources(opt.OtherNames, r.FromSource)
		if r.Action == Allow {
			pp.AllowList[r.Category] = true
		}
		pp.Rules = append(pp.Rules, r)
		others, err := originsOfRule(opt.OtherNames, r)
		if err != nil {
			return pp, fmt.Errorf("%s: %s: %w", src.Ref, src.Rules[i].Field, err)
		}
		pp.Rules = append(pp.Rules, others...)
	}
	slices.SortStableFunc(pp.Rules, func(a, b ProfileRule) int { return a.key.compare(b.key) })
	return pp, nil
}

// resolveRule resolves the paths of one rule and prepares it for matching.
func resolveRule(src Rule, position int, root fs.ReadLinkFS) (ProfileRule, error) {
	r := ProfileRule{Rule: src, position: position}
	m := &r.Match
	switch m.Kind {
	case MatchPath:
		name, target := resolvePath(root, m.Path, r.Category != Process)
		m.Path = name
		if target != "" {
			m.Path, r.LinkPath, r.LinkName = target, name, lastComponent(name)
		}
	case MatchDir:
		m.Path, _ = resolvePath(root, m.Path, true)
	case MatchGlob:
		g, err := glob.Parse(m.Path)
		if err != nil {
			return r, err
		}
		g = g.MapDirs(func(dir string) string {
			real, _ := resolvePath(root, dir, true)
			return real
		})
		m.Path, r.glob, r.below = g.String(), g, g.Below()
	case MatchSyscall:
		r.resolveSyscallPath(root)
	}
	r.FromSource = slices.Clone(r.FromSource)
	for i := range r.FromSource {
		s := &r.FromSource[i]
		if s.Path != "" {
			s.Path, _ = resolvePath(root, s.Path, true)
		} else {
			s.Dir, _ = resolvePath(root, s.Dir, true)
		}
	}
	r.key = specificityOf(&r.Rule)
	return r, nil
}

// resolveSyscallPath keeps the slash that tells a directory from a file. Some system calls
// are about a link itself, so a link is named as well as what it leads to.
func (r *ProfileRule) resolveSyscallPath(root fs.ReadLinkFS) {
	name, isDir := strings.CutSuffix(r.Match.Path, "/")
	switch resolved, target := resolvePath(root, name, isDir); {
	case name == "":
	case isDir:
		r.Match.Path = strings.TrimSuffix(resolved, "/") + "/"
	case target != "":
		r.Match.Path, r.LinkPath = target, resolved
	default:
		r.Match.Path = resolved
	}
}

// socketRule returns the rule by which an allow-list of endpoints alone grants creating a
// socket of a class, -1 for none. A list that allows a protocol says itself which sockets.
func (pol *ProfilePolicy) socketRule(class SocketClass, holds func(rule int) bool) int {
	found := -1
	for i := range pol.Rules {
		r := &pol.Rules[i]
		if r.Category != Network || r.Action != Allow {
			continue
		}
		if r.Match.Kind != MatchEndpoint {
			return -1
		}
		if found < 0 && r.Match.Endpoint.needsSocket(class) && holds(i) {
			found = i
		}
	}
	return found
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// At returns the rule that ref names.
func (p *Profile) At(ref RuleRef) *ProfileRule { return &p.Policies[ref.Policy].Rules[ref.Rule] }

// Canonical returns the profile's canonical bytes: JSON with a fixed field order, then a
// line for each name that is not UTF-8, which JSON can't hold.
func (p *Profile) Canonical() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		// Only unsupported types fail, and the types are fixed at compile time.
		panic("policy: profile does not marshal: " + err.Error())
	}
	for i := range p.Policies {
		for r := range p.Policies[i].Rules {
			for n, name := range p.Policies[i].Rules[r].resolvedNames() {
				if !utf8.ValidString(name) {
					b = fmt.Appendf(b, "\n%d %d %d %s", i, r, n, strconv.QuoteToASCII(name))
				}
			}
		}
	}
	return b
}

// resolvedNames returns the names in a rule that links of the container's root lead to.
func (r *ProfileRule) resolvedNames() []string {
	names := []string{r.Match.Path, r.LinkPath}
	for _, s := range r.FromSource {
		names = append(names, s.Path, s.Dir)
	}
	return names
}

// Hash identifies the profile by its content: SHA-256 in hexadecimal.
func (p *Profile) Hash() string {
	sum := sha256.Sum256(p.Canonical())
	return hex.EncodeToString(sum[:])
}
