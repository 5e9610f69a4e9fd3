package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/debian"
	"kubearmor.io/e2e/lab/disk"
)

// recipe says how a root file system is made.
type recipe struct {
	name     string
	version  int // part of the cache key: raise it when a step changes
	suite    debian.Suite
	packages []string // with all they depend on
	exact    []string // without what they depend on
	split    bool     // /bin and /lib are folders of their own, as in small images
	steps    []step
	spare    int64 // room on the disk beyond the contents, in MiB
	process  Process
}

// step changes the tree at root.
type step func(ctx context.Context, root string) error

// keptBuilds is how many builds of an image are kept: working trees side by side
// may have different recipes.
const keptBuilds = 2

// key names the cache entry.
func (r recipe) key() string {
	return r.name + "-" + cache.Key("recipe-1", r.name, strconv.Itoa(r.version), string(r.suite), fmt.Sprint(r.spare, r.split, r.packages, r.exact, r.process))
}

// build returns the cache entry: the tree under rootfs, and the same on
// disk.ext4, below a folder rootfs if nested.
func (r recipe) build(ctx context.Context, c *cache.Cache, nested bool) (string, error) {
	dir, err := c.Entry(ctx, "images", r.key(), func(dir string) error {
		if os.Geteuid() != 0 {
			return errors.New("building a root file system needs root")
		}
		content := filepath.Join(dir, "tree")
		root := content
		if nested {
			root = filepath.Join(content, "rootfs")
		}
		if err := r.fill(ctx, c, root); err != nil {
			return err
		}
		if nested {
			if err := r.process.save(content); err != nil {
				return err
			}
		}
		return disk.MakeExt4(ctx, filepath.Join(dir, "disk.ext4"), content, r.spare<<20)
	})
	if err != nil {
		return "", fmt.Errorf("build image %s: %w", r.name, err)
	}
	return dir, c.Prune("images", r.name+"-", keptBuilds)
}

func (r recipe) fill(ctx context.Context, c *cache.Cache, root string) error {
	c.Say("building image %s", r.name)
	if err := makeSkeleton(root, r.split); err != nil {
		return err
	}
	if err := r.unpackPackages(ctx, c, root); err != nil {
		return err
	}
	for _, s := range r.steps {
		if err := s(ctx, root); err != nil {
			return err
		}
	}
	return nil
}

func (r recipe) unpackPackages(ctx context.Context, c *cache.Cache, root string) error {
	archive, err := debian.OpenArchive(ctx, c, r.suite)
	if err != nil {
		return err
	}
	if err := updateIfPossible(ctx, c, archive); err != nil {
		return err
	}
	var files []string
	if len(r.packages) > 0 {
		if files, err = archive.DownloadAll(ctx, r.packages...); err != nil {
			return err
		}
	}
	if len(r.exact) > 0 {
		exact, err := archive.DownloadExact(ctx, r.exact...)
		if err != nil {
			return err
		}
		files = append(files, exact...)
	}
	c.Say("unpacking %d packages into image %s", len(files), r.name)
	return debian.Unpack(ctx, root, files...)
}

// indexAge is how old an index may be: an archive keeps replaced packages for
// longer than that.
const indexAge = time.Hour

// updateIfPossible fetches the index; one that was fetched before will do when
// the archive can't be reached.
func updateIfPossible(ctx context.Context, c *cache.Cache, archive *debian.Archive) error {
	err := archive.Update(ctx, indexAge)
	if err != nil && ctx.Err() == nil && archive.HasIndex() {
		c.Say("%v", err)
		c.Say("using the package index from the cache")
		return nil
	}
	return err
}
