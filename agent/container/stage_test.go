package container

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSpecTakesOneLine(t *testing.T) {
	in := strings.NewReader(`{"Root":"/r","Command":["sh","-c","a\nb"],"Env":["A=1"],"Dir":"/d"}` + "\n\x01")
	got, err := readSpec(in)
	if err != nil {
		t.Fatal(err)
	}
	want := Spec{Root: "/r", Command: []string{"sh", "-c", "a\nb"}, Env: []string{"A=1"}, Dir: "/d"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "\x01" {
		t.Errorf("%q is left for the one who waits, want the byte behind the line", rest)
	}
}

func TestReadSpecRefuses(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "half a line": `{"Root":`, "no JSON": "x\n"} {
		t.Run(name, func(t *testing.T) {
			if spec, err := readSpec(strings.NewReader(text)); err == nil {
				t.Errorf("it was read as %+v", spec)
			}
		})
	}
}

func TestWhatKeptTheCommandFromStartingReachesTheCaller(t *testing.T) {
	for _, sent := range []*ExecError{
		{"execute /bin/x", syscall.EACCES},
		{`find "a\nb" in the container's PATH`, syscall.ENOENT},
		execFailure("/bin/x", errors.New("no errno")),
	} {
		var pipe bytes.Buffer
		if err := reportExec(&pipe, sent); !errors.Is(err, sent) {
			t.Errorf("reporting %v: %v", sent, err)
		}
		var got *ExecError
		if err := readExec(&pipe); !errors.As(err, &got) {
			t.Fatalf("sent %v, received %v", sent, err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReadExec(t *testing.T) {
	if err := readExec(strings.NewReader("")); err != nil {
		t.Errorf("a pipe that exec closed is told as %v", err)
	}
	for _, text := range []string{"killed", "{}", `{"Text":"x"}`} {
		var refused *ExecError
		if err := readExec(strings.NewReader(text)); err == nil || errors.As(err, &refused) {
			t.Errorf("%q is told as %v, want an error that is no refusal", text, err)
		}
	}
}

func TestLookUp(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"one/plain": 0o644, "one/early": 0o755, "two/plain": 0o755, "two/early": 0o755, "one/closed": 0o644, "two/folder/x": 0o755} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for name, c := range map[string]struct {
		command, path, want string
		missing             bool
	}{
		"the first in PATH is taken":                     {"early", one + ":" + two, one + "/early", false},
		"one that may be executed is better":             {"plain", one + ":" + two, two + "/plain", false},
		"one that may not is better than none":           {"closed", one + ":" + two, one + "/closed", false},
		"a folder is no program":                         {"folder", one + ":" + two, "", true},
		"what is in no folder of PATH is missing":        {"none", one + ":" + two, "", true},
		"without PATH everything is":                     {"early", "", "", true},
		"a folder of PATH that is not there is passed":   {"early", "/nowhere:" + two, two + "/early", false},
		"a name with a slash is left to exec":            {"./none", two, "./none", false},
		"no name is missing":                             {"", one, "", true},
		"a path to nothing is left to exec for its word": {"/nowhere/x", one, "/nowhere/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, missing := lookUp(c.command, c.path)
			if got != c.want || (missing != nil) != c.missing {
				t.Fatalf("%q, %v", got, missing)
			}
			if missing != nil && missing.Errno != syscall.ENOENT {
				t.Errorf("errno %v, want that of a file that does not exist", missing.Errno)
			}
		})
	}
}
