package bpflsm

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"kubearmor.io/policy"
)

const otherNamesDir = "/var/tmp/twice"

// otherNameCases are about a folder, volume, that the container has been given as first and as
// second too. Its files are called by the first of these mounts.
func otherNameCases() map[string]ruleCase {
	const (
		dir   = otherNamesDir
		paths = "spec.file.matchPaths[0]"
		allow = "process: {matchPaths: [{path: " + dir + "/second/busybox, action: Allow}]}"
	)
	file := func(path string) string { return "file: {matchPaths: [{path: " + dir + path + "}]}" }
	folder := func(path string) string {
		return "file: {matchDirectories: [{dir: " + dir + path + ", recursive: true}]}"
	}
	read := func(path string) []string { return []string{"cat", dir + path} }
	by := func(field string) []told {
		return []told{{dir + "/first/file", policy.ReportBlock, policy.ReasonRule, field}}
	}
	return map[string]ruleCase{
		"blocked and read by the first name":    {file("/first/file"), read("/first/file"), true, by(paths)},
		"blocked and read by the second name":   {file("/second/file"), read("/second/file"), true, by(paths)},
		"blocked by the second, read by first":  {file("/second/file"), read("/first/file"), true, by(paths)},
		"blocked and read where it lies":        {file("/volume/file"), read("/volume/file"), true, by(paths)},
		"another file beside a blocked one":     {file("/second/file"), read("/second/source"), false, nil},
		"a blocked folder, by its second name":  {folder("/second/"), read("/second/file"), true, by("spec.file.matchDirectories[0]")},
		"a blocked folder that lies in another": {folder("/volume/"), read("/second/file"), true, by("spec.file.matchDirectories[0]")},
		"a pattern, by the second name":         {"file: {matchPatterns: [{pattern: '" + dir + "/sec*/f??e'}]}", read("/second/file"), true, by("spec.file.matchPatterns[0]")},
		"renaming what is blocked as second":    {file("/second/file"), []string{"mv", "-T", dir + "/first/file", dir + "/first/other"}, true, by(paths)},
		"a list names it by its second name":    {"file: {matchPaths: [{path: " + dir + "/second/file, action: Allow}]}", read("/second/file"), false, nil},
		"a list names it by its first name":     {"file: {matchPaths: [{path: " + dir + "/first/file, action: Allow}]}", read("/second/file"), false, nil},
		"a program allowed by its second name":  {allow, []string{dir + "/second/busybox", "true"}, false, nil},
		"a program blocked by its second name": {"process: {matchPaths: [{path: " + dir + "/second/busybox}]}", []string{dir + "/second/busybox", "true"}, true,
			[]told{{dir + "/first/busybox", policy.ReportBlock, policy.ReasonRule, "spec.process.matchPaths[0]"}}},
		"a source by its second name": {"file: {matchPaths: [{path: " + dir + "/second/file, fromSource: [{path: " + dir + "/second/busybox}]}]}",
			[]string{dir + "/second/busybox", "cat", dir + "/second/file"}, true, by(paths)},
	}
}

func TestFoldersMountedTwiceInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const dir = otherNamesDir
	furnish(t, dir+"/volume")
	for _, at := range []string{dir + "/first", dir + "/second"} {
		_ = unix.Unmount(at, unix.MNT_DETACH)
		if err := errors.Join(os.MkdirAll(at, 0o755), unix.Mount(dir+"/volume", at, "", unix.MS_BIND, "")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	for name, c := range otherNameCases() {
		t.Run(name, func(t *testing.T) {
			g.try(t, name, c)
			g.seeAll(t, name, c)
		})
	}
}
