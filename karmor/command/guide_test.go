package command_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/karmor/command"
	"kubearmor.io/karmor/status"
)

var update = flag.Bool("update", false, "write the outputs that the documentation shows")

// TestTheGuideShowsWhatKarmorDoes writes the guide's examples to files, runs its commands
// and compares what they print with what the guide shows. Run it with -update to rewrite them.
func TestTheGuideShowsWhatKarmorDoes(t *testing.T) {
	path, err := filepath.Abs("../../docs/guides/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	files, commands := 0, 0
	block := regexp.MustCompile("(?ms)^(<!-- link: (\\S+) -> (\\S+) -->\n)?(<!-- file: (\\S+) -->\n)?```(\\w+)\n(.*?)^```$")
	got := block.ReplaceAllStringFunc(string(guide), func(text string) string {
		m := block.FindStringSubmatch(text)
		if m[2] != "" {
			makeFile(t, m[2], "")
			if err := os.Symlink(m[3], m[2]); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case m[5] != "":
			files++
			makeFile(t, m[5], m[7])
		case m[6] == "console":
			var ran int
			shown := strings.TrimSuffix(text, m[7]+"```")
			m[7], ran = replay(t, m[7])
			commands += ran
			return shown + m[7] + "```"
		default:
			t.Errorf("a block of %s is neither a file nor commands", m[6])
		}
		return text
	})
	if files < 10 || commands < 20 {
		t.Errorf("the guide has %d files and %d commands: they are not found", files, commands)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(guide), got); diff != "" {
		t.Errorf("the guide shows something else (-guide +karmor); run with -update:\n%s", diff)
	}
}

// makeFile writes a file, or only makes its folder where it has no content.
func makeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if content != "" {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// replay runs the lines of a block that begin with $ and returns the block with what they
// print. The one pipe it knows is `| grep WORD`.
func replay(t *testing.T, block string) (string, int) {
	var out strings.Builder
	ran := 0
	for _, line := range strings.Split(block, "\n") {
		words, ok := strings.CutPrefix(line, "$ karmor ")
		if !ok {
			continue
		}
		ran++
		words, word, filtered := strings.Cut(words, " | grep ")
		var printed bytes.Buffer
		root := command.New("karmor", "")
		root.SetArgs(strings.Fields(words))
		root.SetOut(&printed)
		if err := root.Execute(); status.Of(err) == 2 {
			t.Errorf("%s: %v", line, err)
		}
		out.WriteString(line + "\n")
		if !filtered {
			out.Write(printed.Bytes())
			continue
		}
		found := false
		for _, l := range strings.SplitAfter(printed.String(), "\n") {
			if strings.Contains(l, word) {
				found = true
				out.WriteString(l)
			}
		}
		if !found {
			t.Errorf("%s: prints nothing with %s, but\n%s", line, word, &printed)
		}
	}
	return out.String(), ran
}
