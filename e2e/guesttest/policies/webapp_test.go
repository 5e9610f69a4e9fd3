//go:build guest

package policies

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kubearmor.io/api/event"
	"kubearmor.io/e2e/exercise"
	"kubearmor.io/e2e/exercise/await"
)

func webApp() workload {
	return workload{
		image: "web-app", args: exercise.NginxCommand(), files: exercise.NginxFiles(),
		namespace: "kubearmor-demo", labels: "app=web-app",
	}
}

func (p *pod) answers(method string, port int, path, body string, status int, text string) error {
	a, err := p.Ask(p.t.Context(), method, port, path, body)
	if err != nil {
		return err
	}
	if a.Status != status || !strings.Contains(a.Body, text) {
		return fmt.Errorf("%s %s answered %d %q, want %d with %q", method, path, a.Status, a.Body, status, text)
	}
	return nil
}

// must reports each thing that does not hold.
func (p *pod) must(errs ...error) {
	p.t.Helper()
	for _, err := range errs {
		if err != nil {
			p.t.Error(err)
		}
	}
}

func nginxServes(p *pod) error {
	return p.answers(http.MethodGet, 80, "/", "", 200, "web-app serves")
}

// nginxUploads sends more than fits the memory that nginx gives a request.
func nginxUploads(p *pod) error {
	return p.answers(http.MethodPost, 80, "/upload", strings.Repeat("x", 64<<10), 204, "")
}

// nginxReloads has the master read its configuration anew and waits for its new worker.
func nginxReloads(p *pod) error {
	before := workersOf(p.PID)
	if err := p.Signal(p.t.Context(), "HUP"); err != nil {
		return err
	}
	return await.True(p.t.Context(), limit, "nginx's new worker", func() error {
		now := workersOf(p.PID)
		if now == "" || now == before {
			return fmt.Errorf("its children are %q", now)
		}
		return nginxServes(p)
	})
}

func TestWebAppAuditReportsAndDeniesNothing(t *testing.T) {
	w := webApp()
	w.args = nil // the image's entrypoint, a script
	p := created(t, w, "web-app-audit")
	p.await(nginxServes)
	started := p.alerts()
	for _, e := range started {
		if e.PolicyName != "web-app-audit" || e.Action != event.ActionAudit || e.Result != event.ResultPassed {
			t.Errorf("not an audit:\n%s", e.Text())
		}
	}
	for _, want := range []string{"web-app-audit: Process /bin/busybox Audit", "web-app-audit: File /etc/nginx/nginx.conf Audit"} {
		if !slices.Contains(linesOf(started), want) {
			t.Errorf("the start was reported without %q: %q", want, linesOf(started))
		}
	}
	p.runs("sh", "-c", "exit 0")
	p.runs("cat", "/usr/share/nginx/html/index.html")
	p.must(p.answers(http.MethodGet, 80, "/shadow", "", 200, "root:"))
	p.reports("web-app-audit: Process /bin/busybox Audit", "web-app-audit: File /etc/shadow Audit")
}

func TestWebAppHardenedOnRunningNginx(t *testing.T) {
	before := func(p *pod) {
		p.runs("sh", "-c", "exit 0")
		p.must(p.answers(http.MethodGet, 80, "/shadow", "", 200, "root:"), nginxUploads(p))
	}
	p := running(t, webApp(), nginxServes, before, "web-app-audit", "web-app-hardened")
	p.must(nginxServes(p), nginxReloads(p))
	// What it reads anew is reported by the other policy; nothing is denied.
	p.reports("web-app-audit: File /etc/nginx/nginx.conf Audit", "web-app-audit: File /etc/passwd Audit", "web-app-audit: File /etc/group Audit")

	p.refuses("sh", "-c", "exit 0")
	p.refuses("wget", "-q", "-O", "/dev/null", "http://127.0.0.1/")
	p.refuses("cat", "/etc/passwd")
	p.refuses("/bin/busybox", "sh", "-c", "exit 0")
	p.reports("web-app-hardened: Process /bin/busybox")

	p.must(p.answers(http.MethodGet, 80, "/shadow", "", 403, ""))
	p.reports("web-app-hardened: File /etc/shadow")

	// A large upload needs a file in /var/cache/nginx/client_temp/, below what `dir:
	// /var/cache/nginx/` without `recursive` allows.
	p.must(p.answers(http.MethodPost, 80, "/upload", strings.Repeat("x", 64<<10), 500, ""))
	p.reports("web-app-hardened: File /var/cache/nginx/client_temp/0000000002")
}

func TestWebAppHardenedBeforeNginxStarts(t *testing.T) {
	p := created(t, webApp(), "web-app-audit", "web-app-hardened")
	if output := p.ended(); !strings.Contains(output, "/run/nginx.pid") {
		t.Errorf("nginx must fail on its pid file, it said: %s", output)
	}
	p.awaits("web-app-hardened: File /run/nginx.pid")
}

func TestWebAppHardenedBeforeTheEntrypointScriptKeepsTheContainerFromStarting(t *testing.T) {
	w := webApp()
	w.args = nil
	p := created(t, w, "web-app-audit", "web-app-hardened")
	p.ended()
	p.awaits("web-app-hardened: Process /docker-entrypoint.sh")
}

func TestCompletedWebAppHardenedStartsAndServesAndNginxLogsByLinkWithoutAnyDenial(t *testing.T) {
	p := created(t, webApp(), "completed/web-app-hardened")
	p.await(nginxServes)
	p.must(nginxUploads(p), nginxReloads(p))
	// Logs are opened anew, as after a rotation: they are links to the container's output.
	p.must(p.Signal(t.Context(), "USR1"), nginxReloads(p), p.answers(http.MethodGet, 80, "/after-reopening", "", 404, ""))
	p.reports()
	p.refuses("sh", "-c", "exit 0")
	p.must(p.answers(http.MethodGet, 80, "/shadow", "", 403, ""))
	p.reports("web-app-hardened: File /etc/shadow", "web-app-hardened: Process /bin/busybox")

	p.must(p.Signal(t.Context(), "QUIT"))
	output := p.ended()
	for _, want := range []string{`"GET / HTTP/1.1" 200`, `"GET /after-reopening HTTP/1.1" 404`, `"/etc/shadow" failed (13: Permission denied)`} {
		if !strings.Contains(output, want) {
			t.Errorf("nginx's log lacks %s:\n%s", want, output)
		}
	}
}
