package image

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"kubearmor.io/e2e/lab/cache"
)

// Image is a container's root file system in the cache.
type Image struct {
	Name string
	Dir  string // the cache entry
}

// Rootfs is the tree as a folder of the host.
func (i Image) Rootfs() string { return filepath.Join(i.Dir, "tree", "rootfs") }

// Disk is an ext4 disk with the tree in its folder rootfs.
func (i Image) Disk() string { return filepath.Join(i.Dir, "disk.ext4") }

// Process is what the image's container runs unless told otherwise.
func (i Image) Process() Process { return recipes()[i.Name].process }

// recipes are the images that tests may ask for.
func recipes() map[string]recipe {
	all := map[string]recipe{}
	for _, r := range []recipe{busybox(), webApp(), postgres(), node(), debianSystem()} {
		all[r.name] = r
	}
	return all
}

// Names lists the images, sorted.
func Names() []string {
	var names []string
	for name := range recipes() {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Get returns an image, building it on first use.
func Get(ctx context.Context, c *cache.Cache, name string) (Image, error) {
	r, ok := recipes()[name]
	if !ok {
		return Image{}, fmt.Errorf("image %q is not known: choose one of %s", name, strings.Join(Names(), ", "))
	}
	dir, err := r.build(ctx, c, true)
	return Image{Name: name, Dir: dir}, err
}
