//go:build guest

package policies

import (
	"strings"
	"testing"

	"kubearmor.io/e2e/exercise/container"
)

// workFolder is a file allow-list that speaks of nothing a terminal or a log needs.
const workFolder = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: work-folder, namespace: default}
spec:
  selector: {matchLabels: {app: terminal}}
  file:
    matchDirectories: [{dir: /work/, recursive: true, action: Allow}]
`

func terminalPod(t *testing.T, image string) *pod {
	t.Helper()
	w := idle(image, "app=terminal")
	w.files = map[string]container.File{"/secret": {Text: "must-not-be-read\n"}, "/work/notes": {Text: "the-notes\n"}}
	p := create(t, w)
	p.start()
	p.runs("cat", "/secret")
	p.write("work-folder", workFolder)
	p.attach(w)
	return p
}

// reopening is what programs do that were told to log to a file that is their output. A
// terminal echoes what is typed, so what is looked for is not in the text itself.
const reopening = `n=$((40+2)); echo dev-stdout-$n > /dev/stdout; echo dev-stderr-$n > /dev/stderr; echo fd-1-$n >> /proc/self/fd/1; ` +
	`echo fd-2-$n >> /proc/self/fd/2; echo dev-fd-$n > /dev/fd/1; echo x > /dev/null && cat < /dev/null && echo dev-null-$n; cat /work/notes; cat /secret; echo done-$n`

var reopened = []string{"dev-stdout-42", "dev-stderr-42", "fd-1-42", "fd-2-42", "dev-fd-42", "dev-null-42", "the-notes", "done-42"}

func contains(t *testing.T, text string, want []string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the output lacks %q:\n%s", w, text)
		}
	}
	if strings.Contains(text, "must-not-be-read") {
		t.Errorf("the secret was read:\n%s", text)
	}
}

func TestProgramsReopenTheirOutputAndTerminalUnderAFileAllowList(t *testing.T) {
	for _, image := range []string{"busybox", "debian"} {
		t.Run(image, func(t *testing.T) {
			p := terminalPod(t, image)
			r := p.exec("sh", "-c", reopening)
			contains(t, r.Stdout+r.Stderr, reopened)
			p.reports("work-folder: File /secret")

			input := reopening + "\necho tty-$n > /dev/tty; tty; exit 7\n"
			r, err := p.ExecTerminal(t.Context(), input, "sh")
			if err != nil {
				t.Fatal(err)
			}
			contains(t, r.Stdout, append([]string{"tty-42", "/dev/pts/0"}, reopened...))
			if r.Code != 7 {
				t.Errorf("the shell ended with %s, want exit status 7", r)
			}
			p.reports("work-folder: File /secret")

			// Where the output is a file, that file has to be allowed.
			r = p.exec("sh", "-c", "(echo held > /dev/stdout) > /work/log; cat /work/log")
			contains(t, r.Stdout, []string{"held"})
			p.reports()
			if r := p.exec("sh", "-c", "echo x > /log"); r.Code == 0 {
				t.Errorf("/log must not be written: %s", r)
			}
			p.reports("work-folder: File /log")
		})
	}
}
