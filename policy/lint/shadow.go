package lint

import (
	"reflect"
	"slices"
	"strings"

	"kubearmor.io/policy"
)

// shadowed finds rules of which each operation is decided by a rule before them.
func (c *checker) shadowed() {
	rules := c.rules()
	for i := range rules {
		for j := range i {
			w, r := &rules[j], &rules[i]
			if !covers(w, r) {
				continue
			}
			if w.Action == r.Action {
				c.add(Shadowed, Note, r.Field, "remove one of them", "is about the same as %s (%s)", w.Field, w.Match.Path)
			} else {
				c.add(Shadowed, Warning, r.Field, "remove one of them", "never decides: %s is about the same and its %s comes first", w.Field, w.Action)
			}
			break
		}
	}
}

// covers says whether w, which comes before r, surely matches whatever r matches.
func covers(w, r *policy.ProfileRule) bool {
	return w.Category == r.Category && sameObject(w, r) &&
		(!w.PTS || r.PTS) &&
		coversSources(w.FromSource, r.FromSource) &&
		coversFlags(w, r)
}

// sameObject compares matchers. The more specific rule can't be about more than the other
// with another matcher, but for names: an exact path is about less than its last component.
func sameObject(w, r *policy.ProfileRule) bool {
	if w.LinkName != r.LinkName {
		return false
	}
	a, b := w.Match, r.Match
	return reflect.DeepEqual(a, b)
}

func coversSources(w, r []policy.Source) bool {
	if w == nil {
		return true
	}
	if r == nil {
		return false
	}
	for _, s := range r {
		if !slices.ContainsFunc(w, func(o policy.Source) bool { return coversSource(o, s) }) {
			return false
		}
	}
	return true
}

func coversSource(w, r policy.Source) bool {
	if w == r {
		return true
	}
	if w.Dir == "" || !w.Recursive {
		return false
	}
	return strings.HasPrefix(r.Path+r.Dir+"/", strings.TrimSuffix(w.Dir, "/")+"/")
}

// coversFlags compares what the flags leave of the matched operations: Allow is about those
// that satisfy all flags, Block and Audit about the others.
func coversFlags(w, r *policy.ProfileRule) bool {
	if !w.ReadOnly && !w.OwnerOnly && w.AllowedArgs == nil {
		return true
	}
	same := w.ReadOnly == r.ReadOnly && w.OwnerOnly == r.OwnerOnly && reflect.DeepEqual(w.AllowedArgs, r.AllowedArgs)
	return same && (w.Action == policy.Allow) == (r.Action == policy.Allow)
}
