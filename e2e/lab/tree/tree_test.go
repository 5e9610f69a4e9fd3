package tree_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kubearmor.io/e2e/lab/tree"
)

// write makes a file in a folder, with its parents.
func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestWhatIsPackedComesOutAtItsPath(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: files in a guest belong to root")
	}
	from, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "folder/sub/file"), "in a folder", 0o644)
	write(t, filepath.Join(from, "program"), "a program", 0o755)
	if err := os.Symlink("sub/file", filepath.Join(from, "folder/link")); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	err := tree.Pack(&archive, []tree.Graft{
		{Host: filepath.Join(from, "folder"), Path: "/data"},
		{Host: filepath.Join(from, "program"), Path: "/bin/renamed"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(to, "usr/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/bin", filepath.Join(to, "bin")); err != nil {
		t.Fatal(err)
	}
	if err := tree.Unpack(to, &archive, nil); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(to, "data/sub/file")); got != "in a folder" {
		t.Errorf("file in a folder holds %q", got)
	}
	if got, err := os.Readlink(filepath.Join(to, "data/link")); err != nil || got != "sub/file" {
		t.Errorf("link leads to %q (%v)", got, err)
	}
	info, err := os.Lstat(filepath.Join(to, "usr/bin/renamed"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program isn't executable behind the merged folder: %v (%v)", info, err)
	}
}

func TestUnpackReplacesFilesAndLeavesOutWhatIsNotKept(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: files in a guest belong to root")
	}
	from, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "keep"), "new", 0o644)
	write(t, filepath.Join(from, "drop"), "new", 0o644)
	write(t, filepath.Join(to, "keep"), "old and longer", 0o644)
	var archive bytes.Buffer
	if err := tree.Pack(&archive, []tree.Graft{{Host: from, Path: "/"}}); err != nil {
		t.Fatal(err)
	}
	if err := tree.Unpack(to, &archive, func(name string) bool { return name != "drop" }); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(to, "keep")); got != "new" {
		t.Errorf("replaced file holds %q", got)
	}
	if _, err := os.Stat(filepath.Join(to, "drop")); !os.IsNotExist(err) {
		t.Errorf("what isn't kept is there (%v)", err)
	}
}

func TestARelativePathInTheGuestIsRefused(t *testing.T) {
	if err := tree.Pack(&bytes.Buffer{}, []tree.Graft{{Host: t.TempDir(), Path: "data"}}); err == nil {
		t.Error("no error for a relative path")
	}
}
