package protected

import (
	"slices"
	"strings"

	"kubearmor.io/policy"
)

// Covers returns the entry that keeps an operation on a host from being denied: executing
// a protected program, or reading its start-up files by one. Names are compared as they
// are; the set lists what is a link on some systems under all its names.
func Covers(op *policy.Operation) (Entry, bool) {
	for _, e := range Set() {
		if e.covers(op) {
			return e, true
		}
	}
	return Entry{}, false
}

func (e *Entry) covers(op *policy.Operation) bool {
	isProgram := func(name string) bool { return slices.Contains(e.Programs, name) }
	switch op.Kind {
	case policy.OpExec:
		return slices.ContainsFunc(op.Names.Origin, isProgram)
	case policy.OpRead:
		return slices.ContainsFunc(op.Source.Origin, isProgram) && slices.ContainsFunc(op.Names.Origin, e.holds)
	}
	return false
}

// holds says whether name is one of the entry's files.
func (e *Entry) holds(name string) bool {
	return slices.ContainsFunc(e.Files, func(file string) bool {
		if dir, ok := strings.CutSuffix(file, "/"); ok {
			return name == dir || strings.HasPrefix(name, file)
		}
		return name == file
	})
}
