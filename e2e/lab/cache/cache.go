package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// EnvDir overrides the folder of the cache.
const EnvDir = "KUBEARMOR_CACHE"

// Cache is a folder of entries. Progress receives a line for what takes time.
type Cache struct {
	Dir      string
	Progress io.Writer
}

// Find returns the cache named by EnvDir, else the one of the repository that
// the working directory or the running program lies in.
func Find(progress io.Writer) (*Cache, error) {
	dir := os.Getenv(EnvDir)
	if dir == "" {
		root, err := RepositoryRoot()
		if err != nil {
			return nil, fmt.Errorf("find the lab's cache: %w; set %s to a folder", err, EnvDir)
		}
		dir = filepath.Join(root, ".cache")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the lab's cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create the lab's cache: %w", err)
	}
	return &Cache{Dir: dir, Progress: progress}, nil
}

// RepositoryRoot is the folder with go.work above the working directory or the
// running program.
func RepositoryRoot() (string, error) {
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
				return dir, nil
			}
		}
	}
	return "", errors.New("no go.work above the working directory")
}

// Key is a short hash of an entry's inputs. Parts are length-prefixed, so that
// no two lists of parts give the same bytes.
func Key(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Say reports progress.
func (c *Cache) Say(format string, args ...any) {
	if c.Progress != nil {
		fmt.Fprintf(c.Progress, "lab: "+format+"\n", args...)
	}
}

// Path joins names below the cache.
func (c *Cache) Path(names ...string) string {
	return filepath.Join(append([]string{c.Dir}, names...)...)
}

// Entry returns the folder kind/key, building it first if it isn't there. build
// fills a scratch folder that becomes the entry once build succeeds.
func (c *Cache) Entry(ctx context.Context, kind, key string, build func(dir string) error) (string, error) {
	entry := c.Path(kind, key)
	if exists(entry) {
		return entry, nil
	}
	unlock, err := c.Lock(ctx, kind+"-"+key)
	if err != nil {
		return "", err
	}
	defer unlock()
	if exists(entry) {
		return entry, nil
	}
	scratch := c.Path(kind, "."+key+".part")
	if err := os.RemoveAll(scratch); err != nil {
		return "", fmt.Errorf("clear %s: %w", scratch, err)
	}
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", fmt.Errorf("create %s: %w", scratch, err)
	}
	if err := build(scratch); err != nil {
		return "", errors.Join(err, os.RemoveAll(scratch))
	}
	if err := os.Rename(scratch, entry); err != nil {
		return "", fmt.Errorf("publish cache entry: %w", err)
	}
	return entry, nil
}

// Prune removes the oldest entries of a kind whose keys begin with prefix,
// leaving keep. Programs that have an entry's file open keep it until they close it.
func (c *Cache) Prune(kind, prefix string, keep int) error {
	entries, err := os.ReadDir(c.Path(kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune %s: %w", kind, err)
	}
	type aged struct {
		path string
		time int64
	}
	var all []aged
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.Name()[0] == '.' || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		all = append(all, aged{c.Path(kind, e.Name()), info.ModTime().UnixNano()})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].time > all[j].time })
	for _, old := range all[min(keep, len(all)):] {
		if err := os.RemoveAll(old.path); err != nil {
			return fmt.Errorf("prune %s: %w", kind, err)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
