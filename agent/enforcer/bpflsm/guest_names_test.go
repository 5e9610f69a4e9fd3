package bpflsm

import (
	"os"
	"testing"

	"kubearmor.io/policy"
)

// nameCases are about giving files other names, in /var/tmp/names.
func nameCases() map[string]ruleCase {
	const (
		dir     = "/var/tmp/names"
		program = dir + "/busybox"
		other   = dir + "/other"
		block   = "process: {matchPaths: [{path: " + program + "}]}"
		allow   = "process: {matchPatterns: [{pattern: /**, action: Allow}], matchPaths: [{path: " + program + ", action: Allow}]}"
		folder  = "process: {matchDirectories: [{dir: " + dir + "/folder/, recursive: true}]}"
		exempt  = allow + "\n\t\t\tfile: {matchPaths: [{path: " + program + ", action: Allow}], matchPatterns: [{pattern: /**, action: Allow}]}"
	)
	by := func(resource, field string) []told {
		return []told{{resource, policy.ReportBlock, policy.ReasonRule, field}}
	}
	const paths = "spec.process.matchPaths[0]"
	const folders = "spec.process.matchDirectories[0]"
	return map[string]ruleCase{
		"linking a blocked program":                      {block, []string{"ln", program, other}, true, by(program, paths)},
		"renaming a blocked program":                     {block, []string{"mv", "-T", program, other}, true, by(program, paths)},
		"exchanging a blocked program":                   {block, []string{"helper: exchange " + program + " " + dir + "/source"}, true, by(program, paths)},
		"exchanging another file with a blocked program": {block, []string{"helper: exchange " + dir + "/source " + program}, true, by(dir+"/source", paths)},
		"renaming the directory of a blocked program":    {block, []string{"mv", "-T", dir, "/var/tmp/away"}, true, by(dir, paths)},
		"exchanging a directory above a blocked program": {block, []string{"helper: exchange " + dir + " /var/tmp/beside"}, true, by(dir, paths)},
		"removing a blocked program":                     {block, []string{"rm", "-f", program}, false, nil},
		"renaming a file beside a blocked program":       {block, []string{"mv", "-T", dir + "/source", other}, false, nil},
		"renaming onto a blocked program":                {block, []string{"mv", "-f", "-T", dir + "/source", program}, false, nil},
		"renaming within a blocked directory":            {folder, []string{"mv", "-T", dir + "/folder/inner", dir + "/folder/inner2"}, false, nil},
		"renaming a directory within a blocked one":      {folder, []string{"mv", "-T", dir + "/folder/sub", dir + "/folder/sub2"}, false, nil},
		"renaming out of a blocked directory":            {folder, []string{"mv", "-T", dir + "/folder/inner", other}, true, by(dir+"/folder/inner", folders)},
		"linking out of a blocked directory":             {folder, []string{"ln", dir + "/folder/inner", other}, true, by(dir+"/folder/inner", folders)},
		"renaming a directory out of a blocked one":      {folder, []string{"mv", "-T", dir + "/folder/sub", other}, true, by(dir+"/folder/sub", folders)},
		"renaming a blocked directory":                   {folder, []string{"mv", "-T", dir + "/folder", other}, true, by(dir+"/folder", folders)},

		"writing an allowed program":              {allow, []string{"dd", "if=/dev/null", "of=" + program, "conv=notrunc", "status=none"}, true, by(program, paths)},
		"removing an allowed program":             {allow, []string{"rm", "-f", program}, true, by(program, paths)},
		"replacing an allowed program":            {allow, []string{"mv", "-f", "-T", dir + "/source", program}, true, by(program, paths)},
		"exchanging a file with one allowed":      {allow, []string{"helper: exchange " + dir + "/source " + program}, true, by(program, paths)},
		"renaming an allowed program":             {allow, []string{"mv", "-T", program, other}, true, by(program, paths)},
		"linking an allowed program":              {allow, []string{"ln", program, other}, true, by(program, paths)},
		"renaming a directory above one":          {allow, []string{"mv", "-T", dir, "/var/tmp/away"}, true, by(dir, paths)},
		"exchanging a directory with one above":   {allow, []string{"helper: exchange /var/tmp/beside " + dir}, true, by(dir, paths)},
		"renaming another directory":              {allow, []string{"mv", "-T", dir + "/folder", other}, false, nil},
		"replacing one that a file rule frees":    {exempt, []string{"mv", "-f", "-T", dir + "/source", program}, false, nil},
		"a would-be denial of mode Audit is told": {"mode: Audit\n\t\t\t" + block, []string{"ln", program, other}, false, []told{{program, policy.ReportAuditBlock, policy.ReasonRule, paths}}},
	}
}

func TestNamesInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	for name, c := range nameCases() {
		t.Run(name, func(t *testing.T) {
			furnishNames(t)
			g.try(t, name, c)
			g.seeAll(t, name, c)
			for _, e := range g.of(t, name) {
				if e.Category != policy.Process {
					t.Errorf("the event is of category %s, its rule of process", e.Category)
				}
			}
		})
	}
}

func furnishNames(t *testing.T) {
	t.Helper()
	const dir = "/var/tmp/names"
	for _, name := range []string{"/var/tmp/away", "/var/tmp/beside"} {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	furnish(t, dir)
	for _, name := range []string{dir + "/folder/sub", "/var/tmp/beside"} {
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{dir + "/folder/inner", dir + "/folder/sub/file"} {
		if err := os.WriteFile(name, []byte("text"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
