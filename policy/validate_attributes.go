package policy

import (
	"fmt"
	"slices"
	"strings"

	v1 "kubearmor.io/api/security/v1"
)

// actionSet is the set of actions that a place takes.
type actionSet uint8

const (
	allActions     actionSet = iota
	syscallActions           // Audit
	presetActions            // Block and Audit
)

func (s actionSet) words() []string {
	switch s {
	case syscallActions:
		return []string{string(v1.ActionAudit)}
	case presetActions:
		return []string{string(v1.ActionBlock), string(v1.ActionAudit)}
	}
	return []string{string(v1.ActionAllow), string(v1.ActionAudit), string(v1.ActionBlock)}
}

// why says why the set lacks an action.
func (s actionSet) why() string {
	if s == syscallActions {
		return "syscalls are audit only"
	}
	return "a preset says what is forbidden"
}

func parseAction(a v1.Action) (Action, bool) {
	switch a {
	case v1.ActionAllow:
		return Allow, true
	case v1.ActionAudit:
		return Audit, true
	case v1.ActionBlock, "":
		return Block, true
	}
	return Block, false
}

// attributes checks what a policy, section or rule says of its own.
func (v *validator) attributes(field string, a v1.Attributes, actions actionSet) {
	if a.Severity < 0 || a.Severity > 10 {
		v.fail(field+".severity", fmt.Sprintf("%d is not from 1 to 10", a.Severity), "write a whole number from 1 to 10")
	}
	v.longest(field+".message", a.Message, MaxTextLength)
	v.most(field+".tags", len(a.Tags), MaxTags, "use fewer")
	for i, tag := range a.Tags {
		v.longest(indexField(field+".tags", i), tag, MaxTagLength)
	}
	_, known := parseAction(a.Action)
	switch {
	case a.Action == "" || slices.Contains(actions.words(), string(a.Action)):
	case !known:
		v.fail(field+".action", fmt.Sprintf("%q is no action", a.Action), oneOf(string(a.Action), actions.words()...))
	default:
		v.fail(field+".action", fmt.Sprintf("is %s, and %s", a.Action, actions.why()), "use "+strings.Join(actions.words(), " or ")+", or remove it")
	}
}

// inherit fills what own lacks from the level above.
func inherit(own, above v1.Attributes) v1.Attributes {
	if own.Severity == 0 {
		own.Severity = above.Severity
	}
	if own.Tags == nil {
		own.Tags = above.Tags
	}
	if own.Message == "" {
		own.Message = above.Message
	}
	if own.Action == "" {
		own.Action = above.Action
	}
	return own
}
