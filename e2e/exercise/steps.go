package exercise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kubearmor.io/api/event"
	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

func (s *session) steps() []step {
	return []step{
		{name: "nginx serves over HTTP, no policy yet", run: s.startNginx, vital: true},
		{name: "sh, wget and cat start, and /etc/shadow can be had from nginx, no policy yet", run: s.holesAreOpen},
		{name: "the agent attaches to the running container with " + audit, run: s.attach, vital: true},
		{name: "nginx serves with " + audit, run: s.serves},
		{name: "sh runs, and an Audit event names " + audit, run: s.shellIsAudited},
		{name: hardened + " is added while the container runs, and comes into force", run: s.harden, vital: true},
		{name: "nginx serves with both", run: s.serves},
		{name: "sh does not start", run: func(ctx context.Context) error { return s.refused(ctx, "sh", "-c", "exit 0") }},
		{name: "wget does not start", run: func(ctx context.Context) error {
			return s.refused(ctx, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/")
		}},
		{name: "cat does not start", run: func(ctx context.Context) error { return s.refused(ctx, "cat", "/etc/passwd") }},
		{name: "nginx is denied /etc/shadow, which it served before", run: s.shadowIsDenied},
		{name: "each of the four denials is exactly one MatchedPolicy event that names " + hardened, run: s.oneEventEach},
		{name: "nginx still serves", run: s.serves},
		{name: hardened + " is deleted: sh starts again and is audited", run: s.soften},
	}
}

func (s *session) startNginx(ctx context.Context) (err error) {
	s.nginx, err = container.Run(ctx, oci.Config{
		ID: "web-app", Image: s.settings.Image, Bundle: filepath.Join(s.settings.Work, "web-app"),
		Process: image.Process{Args: NginxCommand()},
	}, NginxFiles())
	if err != nil {
		return err
	}
	return await.True(ctx, limit, "nginx to serve", func() error {
		err := s.serves(ctx)
		if err != nil && !s.nginx.Running() {
			output, _ := s.nginx.Ended(ctx, limit)
			return &await.Never{Reason: fmt.Errorf("nginx ended: %s", output)}
		}
		return err
	})
}

// holesAreOpen proves that what is denied later is possible.
func (s *session) holesAreOpen(ctx context.Context) error {
	return errors.Join(
		s.starts(ctx, "sh", "-c", "exit 0"),
		s.starts(ctx, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"),
		s.starts(ctx, "cat", "/etc/passwd"),
		s.answers(ctx, "/shadow", 200, "root:"),
	)
}

func (s *session) attach(ctx context.Context) (err error) {
	if err := s.apply(audit); err != nil {
		return err
	}
	s.agent, err = agent.Attach(ctx, s.settings.Agent, agent.Target{
		PID: s.nginx.PID, Name: "nginx", Namespace: "kubearmor-demo", Labels: "app=web-app", Policies: s.policies,
	})
	return err
}

func (s *session) harden(ctx context.Context) error {
	if err := s.apply(hardened); err != nil {
		return err
	}
	if err := s.awaitHardened(ctx, true); err != nil {
		return err
	}
	s.mark = s.agent.Events.Mark()
	return nil
}

func (s *session) shadowIsDenied(ctx context.Context) error {
	mark := s.agent.Events.Mark()
	if err := s.answers(ctx, "/shadow", 403, ""); err != nil {
		return err
	}
	e, err := s.denial(ctx, mark, event.OperationFile)
	if err == nil && e.Resource != "/etc/shadow" {
		err = fmt.Errorf("the event is about %q:\n%s", e.Resource, e.Text())
	}
	return err
}

// oneEventEach counts. Events come in the order of their operations, so after the event
// of one more denied program no earlier one is on its way.
func (s *session) oneEventEach(ctx context.Context) error {
	if err := s.refused(ctx, probe); err != nil {
		return err
	}
	events := s.agent.Events.Since(s.mark)
	denials := 0
	for _, e := range events {
		if isDenial(e) && e.EventData[event.DataRepeats] == "" {
			denials++
		}
	}
	if want := 4 + 1; denials != want || len(events) != want {
		return fmt.Errorf("%d events, %d of them denials, want 4 and that of %s:\n%s", len(events), denials, probe, textOf(events))
	}
	return nil
}

func (s *session) soften(ctx context.Context) error {
	if err := os.Remove(filepath.Join(s.policies, hardened+".yaml")); err != nil {
		return fmt.Errorf("delete %s: %w", hardened, err)
	}
	if err := s.awaitHardened(ctx, false); err != nil {
		return err
	}
	return s.shellIsAudited(ctx)
}

func textOf(events []event.Alert) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Text())
	}
	return b.String()
}
