// Command demo shows nginx under policy: without flags in a throw-away guest, with --host
// on this machine's own kernel. It exits 1 if a step failed and 2 if it could not begin.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"kubearmor.io/e2e/exercise"
	"kubearmor.io/e2e/lab"
	"kubearmor.io/e2e/lab/cache"
)

func main() {
	host := flag.Bool("host", false, "use this machine's own kernel (root)")
	kernel := flag.String("kernel", "6.1", "the guest's kernel: 6.1, 6.12 or newest")
	samples := flag.String("samples", "", "folder of the sample policies; by default the repository's")
	imageDir := flag.String("image", "", "folder of the image web-app; by default built into the cache")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()

	var exit int
	var err error
	if *host {
		exit, err = onHost(ctx, *samples, *imageDir)
	} else {
		exit, err = exercise.RunInGuest(ctx, exercise.Guest{Kernel: *kernel, Out: os.Stdout, Err: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		exit = 2
	}
	os.Exit(exit)
}

func onHost(ctx context.Context, samples, imageDir string) (exit int, err error) {
	// Before anything is built: most hosts fail here.
	if err := exercise.CanEnforce(); err != nil {
		return 0, err
	}
	s := exercise.Settings{Samples: samples, Image: imageDir, Out: os.Stdout}
	if s.Agent, err = findAgent(); err != nil {
		return 0, err
	}
	if s.Samples == "" {
		root, err := cache.RepositoryRoot()
		if err != nil {
			return 0, fmt.Errorf("the sample policies (--samples names their folder): %w", err)
		}
		s.Samples = filepath.Join(root, "config", "samples")
	}
	if s.Image == "" {
		if s.Image, err = buildImage(ctx); err != nil {
			return 0, err
		}
	}
	failed, err := exercise.Run(ctx, s)
	if err == nil && failed > 0 {
		exit = 1
	}
	return exit, err
}

// findAgent prefers the agent that was built with this program.
func findAgent() (string, error) {
	self, err := os.Executable()
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), "kubearmor-agent")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath("kubearmor-agent")
	if err != nil {
		return "", fmt.Errorf("the agent is neither beside this program nor on the path (make build puts it in bin/): %w", err)
	}
	return found, nil
}

func buildImage(ctx context.Context) (string, error) {
	i, err := lab.Image(ctx, "web-app", os.Stderr)
	if err != nil {
		return "", err
	}
	return filepath.Dir(i.Rootfs()), nil
}
