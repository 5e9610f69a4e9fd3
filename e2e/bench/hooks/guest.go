package hooks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"kubearmor.io/e2e/lab"
)

// additions are what the guest needs: the load, the files that it opens and the policies.
func additions(ctx context.Context, dir string) ([]lab.Add, error) {
	add := []lab.Add{{Host: filepath.Join(dir, "load"), Path: loadPath}}
	if err := buildLoad(ctx, add[0].Host); err != nil {
		return nil, err
	}
	write := func(to, text string) error {
		host := filepath.Join(dir, fmt.Sprint(len(add)))
		add = append(add, lab.Add{Host: host, Path: to})
		return os.WriteFile(host, []byte(text), 0o644)
	}
	var err error
	for _, p := range paths()[1:] {
		err = errors.Join(err, write(p, "opened by the load\n"))
	}
	for _, l := range slices.Concat(lists(), addressed(), []list{watched()}) {
		err = errors.Join(err, write(policyDir+l.id()+".yaml", l.kubearmor()), write(policyDir+l.id()+".apparmor", l.apparmor()))
	}
	return add, err
}

// measure runs a scenario in a guest.
func (s scenario) measure(ctx context.Context, g *lab.Guest) ([]Cost, error) {
	if s.before != nil {
		if _, err := output(ctx, g, s.before); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if s.beside != nil {
		end, err := start(ctx, g, s.beside)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		defer end()
	}
	out, err := output(ctx, g, s.command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	costs, err := readCosts(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return costs, nil
}

// output runs a command that has to succeed.
func output(ctx context.Context, g *lab.Guest, args []string) ([]byte, error) {
	var out, complaints bytes.Buffer
	status, err := g.Run(ctx, lab.Command{Args: args, Stdout: &out, Stderr: &complaints})
	if err == nil && status != 0 {
		err = fmt.Errorf("%s exits %d: %s", args[0], status, bytes.TrimSpace(complaints.Bytes()))
	}
	return out.Bytes(), err
}

// start runs a command in the background once it has printed a line; end ends it.
func start(ctx context.Context, g *lab.Guest, args []string) (end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	var complaints bytes.Buffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		status, err := g.Run(ctx, lab.Command{Args: args, Stdout: w, Stderr: &complaints})
		if err == nil {
			err = fmt.Errorf("%s exits %d: %s", args[0], status, bytes.TrimSpace(complaints.Bytes()))
		}
		w.CloseWithError(err)
	}()
	end = func() {
		cancel()
		r.Close()
		<-ended
	}
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		end()
		return nil, fmt.Errorf("wait for %s: %w", args[0], err)
	}
	return end, nil
}
