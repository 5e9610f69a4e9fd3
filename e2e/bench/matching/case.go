package matching

import "fmt"

// Case is one thing to measure: a name and the rules it is judged by.
type Case struct {
	Path  string
	Rules int // exact paths and directories, one of ten a directory
	Globs int // besides those
	// Named says that a rule is about the very name, so that the whole of it has to be
	// read. Without one the name may leave all rules early.
	Named bool
}

// Paths are the names that are judged: short, as a program's configuration; usual, as a
// library; and long, as a module of an application.
func Paths() []string {
	return []string{
		"/etc/passwd",
		"/usr/lib/x86_64-linux-gnu/libssl.so.3.0.17",
		"/usr/local/lib/node_modules/npm/node_modules/@npmcli/arborist/lib/arborist/load-ideal.js",
	}
}

// RuleCounts are the sizes of the policies.
func RuleCounts() []int { return []int{1, 10, 100, 1_000, 10_000} }

// manyGlobs is how many globs a large policy may well have.
const manyGlobs = 200

// Cases are all that is measured.
func Cases() []Case {
	var cases []Case
	for _, path := range Paths() {
		for _, rules := range RuleCounts() {
			cases = append(cases, Case{Path: path, Rules: rules, Named: true})
		}
		cases = append(cases,
			Case{Path: path, Rules: 1_000, Globs: manyGlobs, Named: true},
			Case{Path: path, Rules: 10_000},
		)
	}
	return cases
}

// String names the rules of the case.
func (c Case) String() string {
	s := fmt.Sprintf("%d rules", c.Rules)
	if c.Globs > 0 {
		s += fmt.Sprintf(" and %d globs", c.Globs)
	}
	if !c.Named {
		s += ", none about the name"
	}
	return s
}
