package policyset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy"
)

func object(name string) string {
	return "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: " + name +
		"}\nspec: {process: {matchPaths: [{path: /usr/bin/" + name + "}]}}\n"
}

// folder makes a folder of files; a content of "/" makes a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		var err error
		if content == "/" {
			err = os.Mkdir(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(policies []*policy.Policy) []string {
	var all []string
	for _, p := range policies {
		all = append(all, p.Ref.Name)
	}
	slices.Sort(all)
	return all
}

func TestDirReadsTheFilesThatHoldPolicies(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.yaml":   object("a"),
		"b.yml":    object("b") + "---\n" + object("b2"),
		"c.json":   `{"apiVersion":"security.kubearmor.com/v1","kind":"KubeArmorPolicy","metadata":{"name":"c"},"spec":{"process":{"matchPaths":[{"path":"/bin/c"}]}}}`,
		"README":   "no policy",
		"a.yaml~":  "an editor's: [",
		"d.yaml.d": "/",
		"e.yaml":   "/", // a folder by that name
	})
	got, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "b2", "c"}, names(got)); diff != "" {
		t.Error(diff)
	}
}

func TestDirOfNothingIsNoPolicies(t *testing.T) {
	got, err := Dir(t.TempDir())
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOneBadFileRefusesTheFolderWhole(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"an unknown field": {
			map[string]string{"good.yaml": object("good"), "bad.yaml": strings.Replace(object("bad"), "matchPaths", "matchPath", 1)},
			[]string{"bad.yaml", "spec.process.matchPath"},
		},
		"no object at all": {map[string]string{"good.yaml": object("good"), "empty.yaml": ""}, []string{"empty.yaml"}},
		"a hidden file counts": {
			map[string]string{"good.yaml": object("good"), ".hidden.yaml": "kind: ["}, []string{".hidden.yaml"},
		},
		"one name twice": {
			map[string]string{"one.yaml": object("same"), "two.yaml": object("same")}, []string{"one.yaml", "two.yaml", "same", "another name"},
		},
		"every bad file is told": {
			map[string]string{"x.yaml": "", "y.yaml": ""}, []string{"x.yaml", "y.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Dir(folder(t, c.files))
			if err == nil {
				t.Fatalf("it was read as %v", names(got))
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("the error does not say %q: %v", s, err)
				}
			}
			if got != nil {
				t.Errorf("with the error came policies: %v", names(got))
			}
		})
	}
}

func TestAFolderThatIsNotThereIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := Dir(missing); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("error %v", err)
	}
}

func TestFilesKeepsTheirOrder(t *testing.T) {
	dir := folder(t, map[string]string{"1.yaml": object("z"), "2.yaml": object("a")})
	got, err := Files([]string{filepath.Join(dir, "1.yaml"), filepath.Join(dir, "2.yaml")})
	if err != nil || len(got) != 2 || got[0].Ref.Name != "z" {
		t.Errorf("%v, %v", got, err)
	}
}
