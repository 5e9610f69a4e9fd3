package policytest

import (
	"fmt"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// Table is one file of cases.
type Table struct {
	Source   string   // the file, for messages
	Policies []string // files, relative to the table's
	Subject  explain.Subject
	Settings Settings // for cases that don't say otherwise
	Root     string   // directory to resolve links in, relative to the table's; empty: none
	Cases    []Case
}

// Settings are the facts about a namespace that a decision depends on.
type Settings struct {
	Postures   policy.Postures
	NoBaseline bool
}

// Case is one operation and what is expected of it.
type Case struct {
	Line     int
	Name     string
	Question explain.Question
	Settings Settings

	Expect explain.Verdict
	// What the decision has to rest on besides; empty is anything.
	Policy string // name, or namespace/name
	Rule   string // path of the field, e.g. spec.process.matchPaths[0]
	Reason string // as karmor policy explain prints it
}

// Error is a problem of a table at a line.
type Error struct {
	Source  string
	Line    int // 0: of the table as a whole
	Problem string
}

// Error returns "SOURCE:LINE: problem".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Source + ": " + e.Problem
	}
	return fmt.Sprintf("%s:%d: %s", e.Source, e.Line, e.Problem)
}

// String names the case in messages: its own name, or its question.
func (c Case) String() string {
	if c.Name != "" {
		return c.Name + ": " + c.Question.String()
	}
	return c.Question.String()
}
