package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "kubearmor.io/api/security/v1"
	"kubearmor.io/policy/glob"
)

const processField = "spec.process"

func (v *validator) process(s *v1.ProcessRules, above v1.Attributes) {
	if s == nil {
		return
	}
	v.attributes(processField, s.Attributes, allActions)
	above = inherit(s.Attributes, above)
	for i, r := range s.MatchPaths {
		field := indexField(processField+".matchPaths", i)
		v.processRule(field, v.program(field, r), r.ProcessFlags, r.Narrowing, r.Attributes, above)
	}
	for i, r := range s.MatchDirectories {
		field := indexField(processField+".matchDirectories", i)
		v.processRule(field, v.directory(field, r.Dir, r.Recursive), r.ProcessFlags, r.Narrowing, r.Attributes, above)
	}
	for i, r := range s.MatchPatterns {
		field := indexField(processField+".matchPatterns", i)
		v.processRule(field, v.pattern(field, r.Pattern), r.ProcessFlags, r.Narrowing, r.Attributes, above)
	}
}

func (v *validator) processRule(field string, m Matcher, f v1.ProcessFlags, n v1.Narrowing, own, above v1.Attributes) {
	v.attributes(field, own, allActions)
	v.most(field+".allowedArgs", len(f.AllowedArgs), MaxAllowedArgs, "allow fewer")
	for i, a := range f.AllowedArgs {
		v.longest(indexField(field+".allowedArgs", i), a, MaxTextLength)
		if strings.ContainsRune(a, 0) {
			v.fail(indexField(field+".allowedArgs", i), "holds a NUL byte", "remove it: no argument has one")
		}
	}
	v.add(Rule{
		Field: field, Category: Process, Match: m, OwnerOnly: f.OwnerOnly, PTS: n.PTS,
		AllowedArgs: slices.Clone(f.AllowedArgs), FromSource: v.sources(field, n.FromSource),
	}, inherit(own, above))
}

// program returns the matcher of an entry of process.matchPaths.
func (v *validator) program(field string, r v1.ProcessPathRule) Matcher {
	switch {
	case r.Path == "" && r.ExecName == "":
		v.fail(field, "has neither path nor execname", "give one of them")
	case r.Path != "" && r.ExecName != "":
		v.fail(field, "has both path and execname", "keep one, and give the other a rule of its own")
	case r.Path != "":
		return v.matchPath(field+".path", r.Path)
	}
	return v.execName(field+".execname", r.ExecName)
}

func (v *validator) execName(field, name string) Matcher {
	switch {
	case name == "":
	case strings.Contains(name, "/"):
		v.fail(field, fmt.Sprintf("%q is no base name", name), "use path, or write "+strconv.Quote(name[strings.LastIndexByte(name, '/')+1:]))
	case name == "." || name == ".." || strings.ContainsRune(name, 0) || len(name) > 255:
		v.fail(field, "is no name of a program", "write the base name of one, of at most 255 bytes")
	case glob.HasMeta(name):
		v.fail(field, fmt.Sprintf("%q has a wildcard, which execname can't have", name), "use matchPatterns with pattern: "+strconv.Quote("**/"+name))
	default:
		name = glob.Unescape(name)
	}
	return Matcher{Kind: MatchExecName, Name: name}
}

// directory and pattern are the matchers that process and file have in common.
func (v *validator) directory(field, dir string, recursive bool) Matcher {
	if dir == "" {
		v.fail(field, "has no dir", "give the directory")
		return Matcher{}
	}
	return Matcher{Kind: MatchDir, Path: v.literalDir(field+".dir", dir), Recursive: recursive}
}

func (v *validator) pattern(field, pattern string) Matcher {
	if pattern == "" {
		v.fail(field, "has no pattern", "give the glob")
		return Matcher{}
	}
	return v.matchPattern(field+".pattern", pattern)
}

// sources checks a fromSource list.
func (v *validator) sources(rule string, list []v1.FromSource) []Source {
	if list == nil {
		return nil
	}
	field := rule + ".fromSource"
	if len(list) == 0 {
		v.fail(field, "is an empty list, which no program is in", "name a program, or remove the field")
	}
	v.most(field, len(list), MaxSources, "use dir, or split the rule")
	all := make([]Source, len(list))
	for i, s := range list {
		all[i] = v.source(indexField(field, i), s)
	}
	return all
}

func (v *validator) source(field string, s v1.FromSource) Source {
	switch {
	case s.Path == "" && s.Dir == "":
		v.fail(field, "has neither path nor dir", "give one of them")
	case s.Path != "" && s.Dir != "":
		v.fail(field, "has both path and dir", "keep one, and give the other an entry of its own")
	case s.Path != "" && s.Recursive:
		v.fail(field+".recursive", "goes with dir only", "remove it, or use dir")
	case s.Path != "" && glob.HasMeta(s.Path):
		v.fail(field+".path", fmt.Sprintf("%q has a wildcard, which a source can't have", s.Path), "name each program, use dir, or escape it with \\")
	case s.Path != "":
		return Source{Path: v.literalPath(field+".path", s.Path)}
	default:
		return Source{Dir: v.literalDir(field+".dir", s.Dir), Recursive: s.Recursive}
	}
	return Source{}
}
