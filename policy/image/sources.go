package image

import (
	"fmt"
	"slices"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// maxSourceWork bounds the decisions that are taken because fromSource tells callers apart.
const maxSourceWork = 1 << 19

// sources are the fromSource lists of a profile. A fourth automaton, over the name of the
// caller's program, says which of them a program is in; programs that are in the same lists
// are one class, and decisions ask for ranges of classes.
//
// A program that was deleted when it was executed is in the lists of Block and Audit rules
// by the name it had last, and in those of Allow rules not at all: its class is that
// of the name, plus the number of sets.
type sources struct {
	ids       map[string]int // of lists, by what they say
	patterns  []automaton.Pattern
	auto      *automaton.Automaton
	witnesses []string        // a name for each set
	members   [][]int         // by list: the sets that it is in, in order
	known     map[about][]int // by list: see cuts
	work      int
}

// list numbers the fromSource list of a rule.
func (s *sources) list(r *policy.ProfileRule) int {
	var key strings.Builder
	for _, src := range r.FromSource {
		fmt.Fprintf(&key, "%q %q %t\n", src.Path, src.Dir, src.Recursive)
	}
	id, ok := s.ids[key.String()]
	if ok {
		return id
	}
	id = len(s.ids)
	if s.ids == nil {
		s.ids = map[string]int{}
	}
	s.ids[key.String()] = id
	for _, src := range r.FromSource {
		p := automaton.Pattern{ID: id, Kind: automaton.Exact, Path: src.Path}
		switch {
		case src.Path != "":
		case src.Recursive:
			p.Kind, p.Path = automaton.DirRecursive, src.Dir
		default:
			p.Kind, p.Path = automaton.Dir, src.Dir
		}
		s.patterns = append(s.patterns, p)
	}
	return id
}

// compile builds the automaton of the lists that were numbered.
func (s *sources) compile() error {
	var err error
	if s.auto, err = automaton.Build(s.patterns, automaton.Caps{}); err != nil {
		return err
	}
	s.witnesses = s.auto.Witnesses()
	s.members, s.known = make([][]int, len(s.ids)), map[about][]int{}
	for set := range s.sets() {
		for _, list := range s.auto.Set(automaton.SetID(set)) {
			s.members[list] = append(s.members[list], set)
		}
	}
	return nil
}

func (s *sources) sets() int { return s.auto.NumSets() }

// classes is the number of classes.
func (s *sources) classes() int { return 2 * s.sets() }

// names is what the evaluator is told of a program of a class.
func (s *sources) names(class int) policy.Names {
	switch set := class % s.sets(); {
	case set == 0:
		return policy.Names{}
	case class == set:
		return policy.Name(s.witnesses[set])
	default:
		return policy.Names{Seen: []string{s.witnesses[set]}, Deleted: true}
	}
}

// about is a list as rules of one kind of action see it.
type about struct {
	list  int
	allow bool
}

func (s *sources) about(r *policy.ProfileRule) about {
	return about{s.list(r), r.Action == policy.Allow}
}

// holds says whether the programs of a class are in a list.
func (s *sources) holds(a about, class int) bool {
	if class >= s.sets() {
		if a.allow {
			return false
		}
		class -= s.sets()
	}
	_, found := slices.BinarySearch(s.members[a.list], class)
	return found
}

// cuts returns the classes at which it changes which of the lists hold, from 0 on.
func (s *sources) cuts(lists []about) []int {
	cuts := []int{0}
	for _, a := range lists {
		if _, ok := s.known[a]; !ok {
			s.known[a] = s.cutsOf(a)
		}
		cuts = append(cuts, s.known[a]...)
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

func (s *sources) cutsOf(a about) []int {
	var cuts []int
	for _, set := range s.members[a.list] {
		for _, class := range []int{set, set + 1, s.sets() + set, s.sets() + set + 1} {
			if class < s.classes() && s.holds(a, class) != s.holds(a, class-1) {
				cuts = append(cuts, class)
			}
		}
	}
	return cuts
}

// key tells the classes apart that differ in the lists.
func (s *sources) key(lists []about, class int) string {
	var key strings.Builder
	for _, a := range lists {
		if s.holds(a, class) {
			key.WriteByte('1')
		} else {
			key.WriteByte('0')
		}
	}
	return key.String()
}

// bySource builds the word of a decision that depends on lists: word returns it for the
// programs of one class.
func (c *compiler) bySource(lists []about, word func(policy.Names) uint32) uint32 {
	if len(lists) == 0 {
		return word(policy.Names{})
	}
	known := map[string]uint32{}
	var from []int
	var words []uint32
	for _, class := range c.sources.cuts(lists) {
		key := c.sources.key(lists, class)
		w, ok := known[key]
		if !ok {
			if c.sources.work++; c.sources.work > maxSourceWork {
				return 0 // assemble refuses
			}
			w = word(c.sources.names(class))
			known[key] = w
		}
		if len(words) == 0 || words[len(words)-1] != w {
			from, words = append(from, class), append(words, w)
		}
	}
	return c.nodes.search(from, words)
}

// search asks for the range that the caller's class is in: words[i] is for the classes from
// from[i] on.
func (n *nodes) search(from []int, words []uint32) uint32 {
	if len(words) == 1 {
		return words[0]
	}
	mid := len(words) / 2
	return n.ask(uint32(ConditionSource+from[mid]), n.search(from[mid:], words[mid:]), n.search(from[:mid], words[:mid]))
}

// refusedForSources says that too many decisions depend on who makes a call.
func (c *compiler) refusedForSources() error {
	problem := fmt.Sprintf("fromSource tells %d programs apart in more than %d decisions, which is the limit: use fewer lists, or directories in them", c.sources.sets(), maxSourceWork)
	return c.refused(problem, func(r *policy.ProfileRule) bool { return r.FromSource != nil })
}
