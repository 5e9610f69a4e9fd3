package lab

import (
	"context"
	"io"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/host"
	"kubearmor.io/e2e/lab/image"
)

// Image returns a container image of the lab, building it on first use. A guest
// gets it by its name in Config.Images.
func Image(ctx context.Context, name string, progress io.Writer) (image.Image, error) {
	if err := host.Ensure(ctx, progress); err != nil {
		return image.Image{}, err
	}
	c, err := cache.Find(progress)
	if err != nil {
		return image.Image{}, err
	}
	return image.Get(ctx, c, name)
}
