package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/debian"
)

// Kernel is an unpacked kernel in the cache.
type Kernel struct {
	Line    string
	Release string // as uname -r says
	Package string // the package's version
	Dir     string // the cache entry
}

// Image is the bootable kernel.
func (k Kernel) Image() string { return filepath.Join(k.Dir, "vmlinuz") }

// Config is the configuration it was built with.
func (k Kernel) Config() string { return filepath.Join(k.Dir, "config") }

// Modules is an ext4 disk to be mounted at /lib/modules.
func (k Kernel) Modules() string { return filepath.Join(k.Dir, "modules.ext4") }

// maxAge is how long a looked-up kernel is used before the index is asked again,
// and maxIndexAge how old that may be then.
const (
	maxAge      = 7 * 24 * time.Hour
	maxIndexAge = time.Hour
)

// pointer remembers which build a line stood for when it was last looked up.
type pointer struct {
	Release  string    `json:"release"`
	Package  string    `json:"package"`
	Key      string    `json:"key"`
	Resolved time.Time `json:"resolved"`
}

// Get returns a line's kernel, from the cache if it was looked up lately and
// refresh isn't asked for. If the archive can't be reached, an older kernel from
// the cache will do.
func Get(ctx context.Context, c *cache.Cache, lineName string, refresh bool) (Kernel, error) {
	line, err := FindLine(lineName)
	if err != nil {
		return Kernel{}, err
	}
	known, have := readPointer(c, line)
	if have && !refresh && time.Since(known.Resolved) < maxAge {
		return known.kernel(c, line), nil
	}
	unlock, err := c.Lock(ctx, "kernel-"+line.Name)
	if err != nil {
		return Kernel{}, err
	}
	defer unlock()
	if again, ok := readPointer(c, line); ok && again.Resolved.After(known.Resolved) {
		return again.kernel(c, line), nil // another lab looked it up meanwhile
	}
	age := maxIndexAge
	if refresh {
		age = 0
	}
	found, err := fetch(ctx, c, line, age)
	if err != nil {
		if have && ctx.Err() == nil {
			c.Say("kernel %s: %v", line.Name, err)
			c.Say("kernel %s: using %s from the cache", line.Name, known.Release)
			return known.kernel(c, line), nil
		}
		return Kernel{}, fmt.Errorf("get kernel %s: %w", line.Name, err)
	}
	if err := writePointer(c, line, found); err != nil {
		return Kernel{}, fmt.Errorf("get kernel %s: %w", line.Name, err)
	}
	return found.kernel(c, line), nil
}

// fetch tries the line's suites in turn.
func fetch(ctx context.Context, c *cache.Cache, line Line, maxAge time.Duration) (pointer, error) {
	var failures []error
	for _, suite := range line.Suites {
		p, err := fetchFrom(ctx, c, suite, maxAge)
		if err == nil {
			return p, nil
		}
		failures = append(failures, err)
	}
	return pointer{}, errors.Join(failures...)
}

func fetchFrom(ctx context.Context, c *cache.Cache, suite debian.Suite, maxAge time.Duration) (pointer, error) {
	archive, err := debian.OpenArchive(ctx, c, suite)
	if err != nil {
		return pointer{}, err
	}
	if err := archive.Update(ctx, maxAge); err != nil {
		return pointer{}, err
	}
	parts, err := resolve(func(names ...string) (string, error) { return archive.Show(ctx, names...) })
	if err != nil {
		return pointer{}, fmt.Errorf("%s: %w", suite, err)
	}
	identity := []string{recipe}
	for _, p := range parts {
		identity = append(identity, p.FileName())
	}
	key := cache.Key(identity...)
	dir, err := c.Entry(ctx, "kernels", key, func(dir string) error {
		files, err := archive.Download(ctx, parts)
		if err != nil {
			return err
		}
		c.Say("unpacking the kernel of %s, %s", suite, parts[0].Version)
		return unpack(ctx, dir, files)
	})
	if err != nil {
		return pointer{}, err
	}
	release, err := os.ReadFile(filepath.Join(dir, "release"))
	if err != nil {
		return pointer{}, err
	}
	return pointer{Release: string(release), Package: parts[0].Version, Key: key, Resolved: time.Now()}, nil
}

func (p pointer) kernel(c *cache.Cache, line Line) Kernel {
	return Kernel{Line: line.Name, Release: p.Release, Package: p.Package, Dir: c.Path("kernels", p.Key)}
}

func pointerPath(c *cache.Cache, line Line) string {
	return c.Path("kernels", line.Name+"-"+cache.Key(recipe)+".json")
}

// readPointer returns the line's pointer if the kernel it names is there.
func readPointer(c *cache.Cache, line Line) (pointer, bool) {
	var p pointer
	text, err := os.ReadFile(pointerPath(c, line))
	if err != nil || json.Unmarshal(text, &p) != nil {
		return pointer{}, false
	}
	_, err = os.Stat(p.kernel(c, line).Image())
	return p, err == nil
}

func writePointer(c *cache.Cache, line Line, p pointer) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	scratch := pointerPath(c, line) + ".part"
	if err := os.WriteFile(scratch, text, 0o644); err != nil {
		return err
	}
	return os.Rename(scratch, pointerPath(c, line))
}
