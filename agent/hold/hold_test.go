package hold

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// need skips where namespaces can't be made.
func need(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func opened(t *testing.T, dir string) *Space {
	t.Helper()
	s, err := Open(dir)
	if errors.Is(err, unix.EPERM) {
		t.Skip("this machine does not let mount")
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAHeldMountLivesOnWhenItIsUnmounted(t *testing.T) {
	need(t)
	dir, volume := t.TempDir(), t.TempDir()
	s := opened(t, dir)
	defer func() {
		if found, err := Release(dir); !found || err != nil {
			t.Errorf("released %t, %v", found, err)
		}
		if found, err := Release(dir); found || err != nil {
			t.Errorf("once more: %t, %v", found, err)
		}
	}()
	if err := unix.Mount("tmpfs", volume, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(volume, "file")
	if err := os.WriteFile(file, []byte("here"), 0o644); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(volume, unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	held, err := s.Take(os.Getpid(), 7, []Mount{{FD: fd, Folder: true}})
	unix.Close(fd)
	if err != nil || !held[0] {
		t.Fatal(held, err)
	}
	if got, err := s.Containers(); err != nil || len(got) != 1 || got[7] {
		t.Errorf("before it is committed: %v, %v", got, err)
	}
	if err := s.Commit(7); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), unix.Unmount(volume, 0)); err != nil {
		t.Fatalf("a held mount can't be unmounted: %v", err)
	}
	again := opened(t, dir)
	defer again.Close()
	if got, err := again.Containers(); err != nil || len(got) != 1 || !got[7] {
		t.Errorf("by another: %v, %v", got, err)
	}
	err = again.inside(func() error {
		text, err := os.ReadFile("/7/0/file")
		if err == nil && string(text) != "here" {
			err = errors.New(string(text))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := again.Drop(7); err != nil {
		t.Error(err)
	}
	if got, err := again.Containers(); err != nil || len(got) != 0 {
		t.Errorf("when dropped: %v, %v", got, err)
	}
}
