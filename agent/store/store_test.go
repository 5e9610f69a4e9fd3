package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

type record struct{ Name string }

func opened(t *testing.T, dir, boot string) *Store {
	t.Helper()
	s, err := Open(dir, boot)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARecordIsFoundAgain(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"first", "second"} {
		if err := opened(t, dir, "b").Put("container", "7", record{name}); err != nil {
			t.Fatal(err)
		}
	}
	var r record
	if err := opened(t, dir, "b").Get("container", "7", &r); err != nil || r.Name != "second" {
		t.Errorf("%+v, %v", r, err)
	}
	if names, err := opened(t, dir, "b").Names("container"); err != nil || len(names) != 1 || names[0] != "7" {
		t.Errorf("%v, %v", names, err)
	}
}

func TestWhatIsNotWholeIsNotThere(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"a byte differs":             func(b []byte) []byte { b[len(b)-3] ^= 1; return b },
		"it is cut":                  func(b []byte) []byte { return b[:len(b)-1] },
		"it is empty":                func([]byte) []byte { return nil },
		"it is of another version":   func(b []byte) []byte { return bytes.Replace(b, []byte("kubearmor 1"), []byte("kubearmor 2"), 1) },
		"it is of another boot":      func(b []byte) []byte { return bytes.Replace(b, []byte(" b "), []byte(" c "), 1) },
		"something stands behind it": func(b []byte) []byte { return append(b, '\n') },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := opened(t, dir, "b")
			if err := s.Put("container", "7", record{"x"}); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "container", "7")
			data, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, spoil(data), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			var r record
			if err := s.Get("container", "7", &r); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestDeletingWhatIsNotThereIsNoError(t *testing.T) {
	s := opened(t, t.TempDir(), "b")
	if err := errors.Join(s.Put("k", "a", record{}), s.Delete("k", "a"), s.Delete("k", "a"), s.Delete("none", "a")); err != nil {
		t.Error(err)
	}
	var r record
	if err := s.Get("k", "a", &r); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
