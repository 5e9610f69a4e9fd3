package policy

import (
	"strconv"
	"strings"
)

// FieldError is one problem of one object: where it is, what it is, and what to do.
type FieldError struct {
	Source  string // file, or whatever the object was read from
	Kind    string // as written in the object; empty where that isn't known
	Name    string // namespace/name, or name; or the number of the document where it has none
	Field   string // e.g. spec.process.matchPaths[2].path; empty for the object as a whole
	Line    int    // in Source, from 1; 0 where unknown
	Problem string
	Mend    string
}

// Error returns "SOURCE: Kind/ns/name: field: problem; mend" on one line, whatever
// bytes the object held.
func (e FieldError) Error() string {
	var parts []string
	object := e.Kind
	if e.Name != "" {
		object = strings.TrimPrefix(object+"/"+e.Name, "/")
	}
	for _, p := range []string{e.Source, object, e.Field} {
		if p != "" {
			parts = append(parts, oneLine(p))
		}
	}
	text := e.Problem
	if e.Mend != "" {
		text += "; " + e.Mend
	}
	return strings.Join(append(parts, oneLine(text)), ": ")
}

// Errors are all problems of one input, in the order of the input.
type Errors []FieldError

// Error returns one line per problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each problem to errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

// oneLine escapes what could forge a line or move a terminal's cursor.
func oneLine(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			q := strconv.Quote(s)
			return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
		}
	}
	return s
}
