package kernel

import (
	"fmt"
	"strings"

	"kubearmor.io/e2e/lab/debian"
)

// metapackage depends on the current build of a suite's kernel for virtual machines.
const metapackage = "linux-image-cloud-amd64"

// Line is a kernel series and the suites that carry it, the preferred one first.
type Line struct {
	Name   string
	Suites []debian.Suite
}

// Lines are the kernels the lab can boot, oldest first.
func Lines() []Line {
	return []Line{
		{"5.10", []debian.Suite{debian.Bullseye}},
		{"6.1", []debian.Suite{debian.Bookworm}},
		{"6.12", []debian.Suite{debian.Trixie}},
		{"newest", []debian.Suite{debian.TrixieBackports, debian.Sid}},
	}
}

// FindLine returns the line of this name.
func FindLine(name string) (Line, error) {
	var names []string
	for _, l := range Lines() {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return Line{}, fmt.Errorf("kernel %q is not known: choose one of %s", name, strings.Join(names, ", "))
}

// isKernelPart says whether a package holds part of a kernel: newer releases
// split the image, its modules and its configuration off the package they are
// named after.
func isKernelPart(name string) bool {
	for _, prefix := range []string{"linux-image-", "linux-binary-", "linux-modules-", "linux-base-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// show is the index's text about packages.
type show func(names ...string) (string, error)

// resolve follows the metapackage to the packages that make up the kernel.
func resolve(look show) ([]debian.Package, error) {
	wanted, seen := []string{metapackage}, map[string]bool{metapackage: true}
	var parts []debian.Package
	for len(wanted) > 0 {
		text, err := look(wanted...)
		if err != nil {
			return nil, err
		}
		wanted = nil
		for _, p := range debian.ParseIndex(text) {
			if p.Name != metapackage {
				parts = append(parts, p)
			}
			for _, d := range p.Depends {
				if isKernelPart(d) && !seen[d] {
					seen[d] = true
					wanted = append(wanted, d)
				}
			}
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("resolve %s: the index names no kernel package it depends on", metapackage)
	}
	return parts, nil
}
