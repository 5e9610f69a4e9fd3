package exercise

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"kubearmor.io/e2e/lab"
	"kubearmor.io/e2e/lab/cache"
)

// Guest says which machine to boot.
type Guest struct {
	Kernel string
	Out    io.Writer
	Err    io.Writer
}

// Where things are in a guest.
const (
	guestSamples = "/samples"
	guestImage   = "/images/web-app"
)

// RunInGuest boots a machine and runs this very program in it, with the arguments that
// make it call Run. It returns that program's exit status.
func RunInGuest(ctx context.Context, g Guest) (exit int, err error) {
	began := time.Now()
	root, err := cache.RepositoryRoot()
	if err != nil {
		return 0, fmt.Errorf("the sample policies: %w", err)
	}
	exit, err = lab.Run(ctx, lab.Config{
		Kernel:  g.Kernel,
		Images:  []string{"web-app"},
		Add:     []lab.Add{{Host: filepath.Join(root, "config", "samples"), Path: guestSamples}},
		Command: []string{"demo", "--host", "--samples", guestSamples, "--image", guestImage},
		Stdout:  g.Out, Stderr: g.Err, Progress: g.Err,
	})
	if err != nil {
		return 0, fmt.Errorf("run the demo in a guest: %w", err)
	}
	fmt.Fprintf(g.Out, "%.1f seconds with the guest\n", time.Since(began).Seconds())
	return exit, nil
}
