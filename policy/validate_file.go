package policy

import v1 "kubearmor.io/api/security/v1"

const fileField = "spec.file"

func (v *validator) file(s *v1.FileRules, above v1.Attributes) {
	if s == nil {
		return
	}
	v.attributes(fileField, s.Attributes, allActions)
	above = inherit(s.Attributes, above)
	for i, r := range s.MatchPaths {
		field := indexField(fileField+".matchPaths", i)
		v.fileRule(field, v.filePath(field, r.Path), r.FileFlags, r.Narrowing, r.Attributes, above)
	}
	for i, r := range s.MatchDirectories {
		field := indexField(fileField+".matchDirectories", i)
		v.fileRule(field, v.directory(field, r.Dir, r.Recursive), r.FileFlags, r.Narrowing, r.Attributes, above)
	}
	for i, r := range s.MatchPatterns {
		field := indexField(fileField+".matchPatterns", i)
		v.fileRule(field, v.pattern(field, r.Pattern), r.FileFlags, r.Narrowing, r.Attributes, above)
	}
}

func (v *validator) fileRule(field string, m Matcher, f v1.FileFlags, n v1.Narrowing, own, above v1.Attributes) {
	v.attributes(field, own, allActions)
	v.add(Rule{
		Field: field, Category: File, Match: m, ReadOnly: f.ReadOnly, OwnerOnly: f.OwnerOnly, PTS: n.PTS,
		FromSource: v.sources(field, n.FromSource),
	}, inherit(own, above))
}

func (v *validator) filePath(field, path string) Matcher {
	if path == "" {
		v.fail(field, "has no path", "give the file")
		return Matcher{}
	}
	return v.matchPath(field+".path", path)
}
