package exercise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Settings say where things are.
type Settings struct {
	Image   string // the folder of image web-app: its tree and what it runs
	Agent   string // the program kubearmor-agent
	Samples string // the folder of the sample policies
	Out     io.Writer

	Work string // a scratch folder; Run fills it in
}

// scratch is on a file system that overlays accept as their upper layer, which /tmp in a
// container is often not.
const scratch = "/var/lib"

// Run does the exercise on this machine and prints its report; failed is the number of
// steps that did not hold. An error means that it could not begin.
func Run(ctx context.Context, settings Settings) (failed int, err error) {
	began := time.Now()
	if err := CanEnforce(); err != nil {
		return 0, err
	}
	settings.Work, err = os.MkdirTemp(scratch, "kubearmor-demo-")
	if err != nil {
		return 0, fmt.Errorf("make a scratch folder: %w", err)
	}
	s := &session{settings: settings, policies: filepath.Join(settings.Work, "policies")}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := os.Mkdir(s.policies, 0o755); err != nil {
		return 0, fmt.Errorf("make a folder for policies: %w", err)
	}
	steps := s.steps()
	failed = report(ctx, settings.Out, steps)
	s.printEvents()
	summary(settings.Out, len(steps), failed, began)
	return failed, nil
}

// printEvents shows the events as `karmor logs` does.
func (s *session) printEvents() {
	if s.agent == nil {
		return
	}
	fmt.Fprintf(s.settings.Out, "\nThe events, as karmor logs prints them:\n\n%s", textOf(s.agent.Events.Since(0)))
}

// close leaves nothing behind.
func (s *session) close() error {
	var failed error
	if s.agent != nil {
		failed = s.agent.Stop()
	}
	if s.nginx != nil {
		failed = errors.Join(failed, s.nginx.Close())
	}
	return errors.Join(failed, os.RemoveAll(s.settings.Work))
}
