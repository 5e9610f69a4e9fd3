package image

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// Bounds of allowedArgs.
const (
	maxArgumentLists = 24      // different lists of one profile: each is a condition, and a bit of ArgumentLists
	maxArgumentWork  = 1 << 16 // decisions that are taken because lists tell execs apart
)

// noArgument is allowed by no list: the parser refuses what holds a zero byte.
const noArgument = "\x00"

// arguments are the allowedArgs lists of a profile. A fifth automaton, over one argument behind a
// slash, accepts the lists that it is in, as bits; a condition holds where every argument is in
// that list.
type arguments struct {
	lists [][]string // sorted
	ids   map[string]int
	work  int
}

// list numbers the allowedArgs of a rule.
func (a *arguments) list(r *policy.ProfileRule) int {
	sorted := slices.Compact(slices.Sorted(slices.Values(r.AllowedArgs)))
	key := strings.Join(sorted, "\x00") + fmt.Sprintf("\x00%d", len(sorted))
	id, ok := a.ids[key]
	if !ok {
		id = len(a.lists)
		if a.ids == nil {
			a.ids = map[string]int{}
		}
		a.ids[key] = id
		a.lists = append(a.lists, sorted)
	}
	return id
}

// automaton accepts the bits of the lists that an argument is in.
func (a *arguments) automaton() (automaton.Packed, error) {
	masks := map[string]int{}
	for id, list := range a.lists {
		for _, arg := range list {
			masks[arg] |= 1 << id
		}
	}
	var patterns []automaton.Pattern
	for _, arg := range slices.Sorted(maps.Keys(masks)) {
		patterns = append(patterns, automaton.Pattern{ID: masks[arg], Kind: automaton.Exact, Path: argumentPrefix + arg})
	}
	built, err := automaton.Build(patterns, automaton.Caps{})
	if err != nil {
		return automaton.Packed{}, err
	}
	return acceptOnlyID(built), nil
}

// argumentPrefix makes a path of an argument.
const argumentPrefix = "/"

// byArguments builds the word of a decision that depends on lists: word returns it for arguments
// that are in some of them and not in the others.
func (c *compiler) byArguments(lists []int, word func(args []string) uint32) uint32 {
	slices.Sort(lists)
	return c.askArguments(slices.Compact(lists), nil, nil, word)
}

func (c *compiler) askArguments(lists, in, out []int, word func(args []string) uint32) uint32 {
	if len(lists) == 0 {
		if c.arguments.work++; c.arguments.work > maxArgumentWork {
			return 0 // Compile refuses
		}
		args, ok := c.arguments.witness(in, out)
		if !ok {
			return impossible
		}
		return word(args)
	}
	yes := c.askArguments(lists[1:], append(slices.Clip(in), lists[0]), out, word)
	no := c.askArguments(lists[1:], in, append(slices.Clip(out), lists[0]), word)
	switch impossible {
	case yes:
		return no
	case no:
		return yes
	}
	return c.nodes.ask(uint32(ConditionArguments+lists[0]), yes, no)
}

// impossible is no word.
const impossible uint32 = 1<<32 - 1

// witness returns arguments that are all in some lists, and not all in any of others; false where
// there are none.
func (a *arguments) witness(in, out []int) (args []string, ok bool) {
	common := []string{noArgument}
	if len(in) > 0 {
		common = a.lists[in[0]]
	}
	for _, other := range out {
		i := slices.IndexFunc(common, func(arg string) bool {
			return !slices.Contains(a.lists[other], arg) && !slices.ContainsFunc(in, func(id int) bool { return !slices.Contains(a.lists[id], arg) })
		})
		if i < 0 {
			return nil, false
		}
		args = append(args, common[i])
	}
	return args, true
}

// refusedForArguments says that there are too many lists, or too many ways in which they overlap.
func (c *compiler) refusedForArguments() error {
	problem := fmt.Sprintf("%d different lists of allowedArgs, and %d decisions that depend on them, are more than the limits of %d and %d: use fewer different lists",
		len(c.arguments.lists), c.arguments.work, maxArgumentLists, maxArgumentWork)
	return c.refused(problem, func(r *policy.ProfileRule) bool { return r.AllowedArgs != nil })
}
