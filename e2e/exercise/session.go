package exercise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kubearmor.io/api/event"
	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/exercise/container"
)

// limit is how long a condition may take; under emulation on a busy machine a program
// takes seconds to start.
const limit = 60 * time.Second

const (
	audit    = "web-app-audit"
	hardened = "web-app-hardened"
)

// session is the exercise on its way: one container, one agent, a folder of policies.
type session struct {
	settings Settings
	nginx    *container.Container
	agent    *agent.Attached
	policies string
	// mark is where in the log the operations began that the last steps count.
	mark int
}

// serves asks nginx for its page.
func (s *session) serves(ctx context.Context) error {
	return s.answers(ctx, "/", 200, welcome)
}

func (s *session) answers(ctx context.Context, path string, status int, body string) error {
	a, err := s.nginx.Get(ctx, 80, path)
	if err != nil {
		return err
	}
	if a.Status != status || !strings.Contains(a.Body, body) {
		return fmt.Errorf("GET %s answered %d %q, want %d with %q", path, a.Status, a.Body, status, body)
	}
	return nil
}

// starts runs a program in the container to its good end.
func (s *session) starts(ctx context.Context, args ...string) error {
	r, err := s.nginx.Exec(ctx, args...)
	if err != nil {
		return err
	}
	if r.Code != 0 {
		return fmt.Errorf("%s: %s", strings.Join(args, " "), r)
	}
	return nil
}

// refused tries to run a program that the policy denies, and waits for its event.
func (s *session) refused(ctx context.Context, args ...string) error {
	mark := s.agent.Events.Mark()
	r, err := s.nginx.Exec(ctx, args...)
	if err != nil {
		return err
	}
	if !r.Refused() {
		return fmt.Errorf("%s was not refused with \"permission denied\": %s", strings.Join(args, " "), r)
	}
	_, err = s.denial(ctx, mark, event.OperationProcess)
	return err
}

// denial waits for an event of a denial by the hardened policy.
func (s *session) denial(ctx context.Context, mark int, operation string) (event.Alert, error) {
	return s.agent.Events.Await(ctx, limit, mark, operation+" denied by "+hardened, func(e event.Alert) bool {
		return isDenial(e) && e.Operation == operation
	})
}

func isDenial(e event.Alert) bool {
	return e.Type == event.TypeMatchedPolicy && e.PolicyName == hardened && e.Action == event.ActionBlock && e.Result == event.ResultPermissionDenied
}

func isAuditOfShell(e event.Alert) bool {
	return e.Type == event.TypeMatchedPolicy && e.PolicyName == audit && e.Operation == event.OperationProcess && e.Action == event.ActionAudit && e.Result == event.ResultPassed
}

// shellIsAudited runs sh and waits for the event that says so.
func (s *session) shellIsAudited(ctx context.Context) error {
	mark := s.agent.Events.Mark()
	if err := s.starts(ctx, "sh", "-c", "exit 0"); err != nil {
		return err
	}
	_, err := s.agent.Events.Await(ctx, limit, mark, "sh audited by "+audit, isAuditOfShell)
	return err
}

// apply copies a sample, as it is, into the folder of policies. The agent must never see
// half a file, so it is renamed into place.
func (s *session) apply(name string) error {
	text, err := os.ReadFile(filepath.Join(s.settings.Samples, name+".yaml"))
	if err != nil {
		return fmt.Errorf("apply %s: %w", name, err)
	}
	to := filepath.Join(s.policies, name+".yaml")
	if err := errors.Join(os.WriteFile(to+".new", text, 0o644), os.Rename(to+".new", to)); err != nil {
		return fmt.Errorf("apply %s: %w", name, err)
	}
	return nil
}

// probe is a program that no step is about: whether it starts says which policies hold.
const probe = "uname"

// awaitHardened waits until the hardened policy is in force, and for the event of the
// program that showed it.
func (s *session) awaitHardened(ctx context.Context, inForce bool) error {
	mark := s.agent.Events.Mark()
	what := map[bool]string{true: hardened + " to be in force", false: hardened + " to be gone"}[inForce]
	err := await.True(ctx, limit, what, func() error {
		r, err := s.nginx.Exec(ctx, probe)
		if err != nil {
			return &await.Never{Reason: err}
		}
		if r.Refused() != inForce {
			return fmt.Errorf("%s: %s; the agent says: %s", probe, r, s.agent.Said())
		}
		return nil
	})
	if err != nil || !inForce {
		return err
	}
	_, err = s.denial(ctx, mark, event.OperationProcess)
	return err
}
