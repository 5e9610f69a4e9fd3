package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubearmor.io/e2e/lab/cache"
)

// initProgram builds the guests' process 1. It is part of no release, so nobody
// has built it before.
func initProgram(ctx context.Context, c *cache.Cache) (string, error) {
	root, err := cache.RepositoryRoot()
	if err != nil {
		return "", err
	}
	var sources []string
	for _, folder := range []string{"cmd/labinit", "lab/guest", "lab/wire", "lab/tree"} {
		files, err := filepath.Glob(filepath.Join(root, "e2e", folder, "*.go"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", fmt.Errorf("build init: %w", err)
			}
			sources = append(sources, file, string(text))
		}
	}
	dir, err := c.Entry(ctx, "init", cache.Key(sources...), func(dir string) error {
		c.Say("building the guests' init")
		return goBuild(ctx, filepath.Join(root, "e2e"), "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "init"), "./cmd/labinit")
	})
	if err != nil {
		return "", fmt.Errorf("build init: %w", err)
	}
	return filepath.Join(dir, "init"), nil
}

// goBuild runs the go command for a static program that runs in a guest.
func goBuild(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(out.String()))
	}
	return nil
}
