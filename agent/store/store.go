package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// version is of the line in front of a record, and of what its readers have to understand.
// A record may gain fields without another version: older readers pass over them.
const version = "1"

// Store is a folder of records.
type Store struct {
	dir  string
	boot string
}

// Open makes the folder where it is missing. boot tells this boot from others.
func Open(dir, boot string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the agent's records: %w", err)
	}
	return &Store{dir, boot}, nil
}

// Boot returns what tells this boot of the machine from others.
func Boot() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("tell this boot from others: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}

// Put writes a record, in place of one with the same name.
func (s *Store) Put(kind, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("keep %s %s: %w", kind, name, err)
	}
	dir := filepath.Join(s.dir, kind)
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		err = replace(filepath.Join(dir, name), fmt.Appendf(nil, "kubearmor %s %s %s\n%s", version, s.boot, sum(text), text))
	}
	if err != nil {
		return fmt.Errorf("keep %s %s: %w", kind, name, err)
	}
	return nil
}

// replace writes a file beside, and renames it. It lies in memory: there is nothing to flush.
func replace(name string, text []byte) error {
	half := filepath.Join(filepath.Dir(name), "."+filepath.Base(name))
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return os.Rename(half, name)
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// Get reads a record. The error is fs.ErrNotExist, in a wrapping, for what is not there.
func (s *Store) Get(kind, name string, v any) error {
	data, err := os.ReadFile(filepath.Join(s.dir, kind, name))
	if err != nil {
		return fmt.Errorf("find %s %s: %w", kind, name, err)
	}
	head, text, _ := bytes.Cut(data, []byte("\n"))
	if want := fmt.Sprintf("kubearmor %s %s %s", version, s.boot, sum(text)); string(head) != want {
		return fmt.Errorf("find %s %s: it is not whole, of another boot or another version: %w", kind, name, fs.ErrNotExist)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("find %s %s: %w", kind, name, err)
	}
	return nil
}

// Names lists the records of a kind, whole or not.
func (s *Store) Names(kind string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, kind))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the agent's records: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Delete removes a record; it need not be there.
func (s *Store) Delete(kind, name string) error {
	if err := os.Remove(filepath.Join(s.dir, kind, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget %s %s: %w", kind, name, err)
	}
	return nil
}
