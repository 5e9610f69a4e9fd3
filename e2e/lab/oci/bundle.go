package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/image"
)

// makeBundle lays out a bundle: config.json, and rootfs as an overlay over the
// image, so that containers share an image and each writes its own layer.
func makeBundle(c Config) (Config, error) {
	process, err := image.LoadProcess(c.Image)
	if err != nil {
		return c, err
	}
	c, err = c.withImage(process)
	if err != nil {
		return c, err
	}
	for _, folder := range []string{"rootfs", "upper", "work"} {
		if err := os.MkdirAll(filepath.Join(c.Bundle, folder), 0o755); err != nil {
			return c, fmt.Errorf("make the bundle of %s: %w", c.ID, err)
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", filepath.Join(c.Image, "rootfs"), filepath.Join(c.Bundle, "upper"), filepath.Join(c.Bundle, "work"))
	if err := unix.Mount("overlay", filepath.Join(c.Bundle, "rootfs"), "overlay", 0, options); err != nil {
		return c, fmt.Errorf("make the bundle of %s: mount overlay (%s): %w", c.ID, options, err)
	}
	text, err := json.MarshalIndent(c.Spec(), "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(c.Bundle, "config.json"), text, 0o644)
	}
	if err != nil {
		return c, errors.Join(fmt.Errorf("make the bundle of %s: %w", c.ID, err), removeBundle(c))
	}
	return c, nil
}

func removeBundle(c Config) error {
	err := unix.Unmount(filepath.Join(c.Bundle, "rootfs"), unix.MNT_DETACH)
	if err != nil {
		return fmt.Errorf("remove the bundle of %s: unmount its root: %w", c.ID, err)
	}
	return os.RemoveAll(c.Bundle)
}
