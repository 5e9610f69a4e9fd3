package debian

import (
	"bufio"
	"regexp"
	"strings"
)

// Package is one version of a package, as the index names it.
type Package struct {
	Name, Version, Architecture string
	Depends                     []string // names, alternatives and versions left out
}

// FileName is what apt calls the package's file: a version's colon is escaped.
func (p Package) FileName() string {
	return p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_" + p.Architecture + ".deb"
}

// ParseIndex reads the stanzas of a Packages index.
func ParseIndex(text string) []Package {
	var packages []Package
	var p Package
	flush := func() {
		if p.Name != "" {
			packages = append(packages, p)
		}
		p = Package{}
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			flush()
			continue
		}
		key, value, found := strings.Cut(line, ":")
		if !found || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		case "Architecture":
			p.Architecture = value
		case "Depends", "Pre-Depends":
			p.Depends = append(p.Depends, dependencyNames(value)...)
		}
	}
	flush()
	return packages
}

// dependencyNames takes the first alternative of each dependency, without its
// version and architecture.
func dependencyNames(field string) []string {
	var names []string
	for dep := range strings.SplitSeq(field, ",") {
		first, _, _ := strings.Cut(dep, "|")
		name, _, _ := strings.Cut(strings.TrimSpace(first), " ")
		name, _, _ = strings.Cut(name, ":")
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// installLine is a line of apt-get --simulate:
// Inst libc6 (2.36-9+deb12u10 Debian:12.11/oldstable [amd64])
var installLine = regexp.MustCompile(`^Inst (\S+) \((\S+) .*\[(\w+)\]\)`)

func parseSimulation(text string) []Package {
	var packages []Package
	for line := range strings.Lines(text) {
		if m := installLine.FindStringSubmatch(line); m != nil {
			packages = append(packages, Package{Name: m[1], Version: m[2], Architecture: m[3]})
		}
	}
	return packages
}
