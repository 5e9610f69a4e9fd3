package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/lab/oci"
)

// File is laid over the image before the container is made.
type File struct {
	Text string
	From string // a file of the host, in place of Text
	Mode os.FileMode
}

// Container is one container. PID is its first process.
type Container struct {
	Name string
	PID  int

	oci *oci.Container
}

// Create makes a container that waits to be started. Close must be called.
func Create(ctx context.Context, config oci.Config, files map[string]File) (*Container, error) {
	c := &Container{Name: config.ID}
	var err error
	if c.oci, err = oci.Create(ctx, config); err != nil {
		return nil, err
	}
	state, err := c.oci.State(ctx)
	c.PID = state.PID
	for path, f := range files {
		err = errors.Join(err, c.Put(path, f))
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Start lets the container's program run.
func (c *Container) Start(ctx context.Context) error { return c.oci.Start(ctx) }

// Run creates and starts a container.
func Run(ctx context.Context, config oci.Config, files map[string]File) (*Container, error) {
	c, err := Create(ctx, config, files)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Put writes a file of the container from outside.
func (c *Container) Put(name string, f File) error {
	path := c.Path(name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = f.write(path)
	}
	if err != nil {
		return fmt.Errorf("write %s into container %s: %w", name, c.Name, err)
	}
	return nil
}

func (f File) write(path string) error {
	text := []byte(f.Text)
	if f.From != "" {
		var err error
		if text, err = os.ReadFile(f.From); err != nil {
			return err
		}
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	return errors.Join(os.WriteFile(path, text, mode), os.Chmod(path, mode))
}

// Path returns where a file of the container lies on the host.
func (c *Container) Path(name string) string { return filepath.Join(c.oci.Rootfs(), name) }

// Running says whether the container's first process lives.
func (c *Container) Running() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.PID))
	if err != nil {
		return false
	}
	state := stat[bytes.LastIndexByte(stat, ')')+2]
	return state != 'Z' && state != 'X'
}

// Output returns what the container's programs have printed so far.
func (c *Container) Output() string { return c.oci.Output.String() }

// Ended waits until the container's first process has ended and returns what it printed.
func (c *Container) Ended(ctx context.Context, limit time.Duration) (output string, err error) {
	err = await.True(ctx, limit, "container "+c.Name+" to end", func() error {
		if c.Running() {
			return errors.New("it runs")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := c.oci.Wait(ctx); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return c.Output(), nil
}

// Signal sends a signal, by its name, to the container's first process.
func (c *Container) Signal(ctx context.Context, name string) error { return c.oci.Kill(ctx, name) }

// Close ends and removes the container. It is not bound to the context of the test or
// exercise that used it, which may be over.
func (c *Container) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return c.oci.Delete(ctx)
}
