package checks

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"sigs.k8s.io/yaml"
)

//go:embed *.yaml
var lists embed.FS

// Check is one command of a list, run by `bash -euo pipefail -c` in the repository's root.
type Check struct {
	// Name says what holds if the command succeeds.
	Name string `json:"name"`
	Run  string `json:"run"`
	// Guest: it boots guests one after the other, which leaves processors to others.
	Guest bool `json:"guest,omitempty"`
}

// Result is what came of one check.
type Result struct {
	Check
	Err      error
	Began    time.Time
	Duration time.Duration
}

// Load returns the list of that name.
func Load(name string) ([]Check, error) {
	b, err := lists.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no list of checks is called %q; there are %s", name, strings.Join(Names(), ", "))
	}
	var list []Check
	if err := yaml.UnmarshalStrict(b, &list); err != nil {
		return nil, fmt.Errorf("%s.yaml: %w", name, err)
	}
	return list, nil
}

// Names returns the names of all lists.
func Names() []string {
	var names []string
	entries, _ := lists.ReadDir(".") // an embedded folder is always readable
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Run runs the checks one after another, but neighbours that boot guests two at a time: a guest
// takes one processor. A failing one does not stop the rest. Where quiet is set a command's output
// is shown only if it fails; what runs beside another is shown when it has ended.
func Run(ctx context.Context, list []Check, out io.Writer, quiet bool) []Result {
	results := make([]Result, len(list))
	for from, to := 0, 0; from < len(list); from = to {
		for to = from + 1; list[from].Guest && to < len(list) && list[to].Guest; to++ {
		}
		if to > from+1 {
			runTwoAtATime(ctx, list[from:to], results[from:to], out, quiet)
		} else {
			results[from] = run(ctx, list[from], out, quiet)
		}
	}
	return results
}

func runTwoAtATime(ctx context.Context, list []Check, results []Result, out io.Writer, quiet bool) {
	var printing sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, 2)
	for i, c := range list {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			var said bytes.Buffer
			results[i] = run(ctx, c, &said, quiet)
			printing.Lock()
			defer printing.Unlock()
			_, _ = said.WriteTo(out)
		})
	}
	all.Wait()
}

// run runs one check.
func run(ctx context.Context, c Check, out io.Writer, quiet bool) Result {
	var kept bytes.Buffer
	to := out
	if quiet {
		to = &kept
	} else {
		fmt.Fprintf(out, "\n=== %s\n", c.Name)
	}
	began := time.Now()
	err := command(ctx, c.Run, to)
	r := Result{Check: c, Err: err, Began: began, Duration: time.Since(began)}
	if quiet {
		fmt.Fprintf(out, "%s  %s\n", r.Verdict(), c.Name)
		if err != nil {
			fmt.Fprintf(out, "      $ %s\n%s\n", strings.TrimSpace(c.Run), failures(kept.String())+tail(kept.String(), 60))
		}
	} else if err != nil {
		fmt.Fprintf(out, "--- FAIL: %s: %v\n", c.Name, err)
	}
	return r
}

// Verdict is PASS or FAIL.
func (r Result) Verdict() string {
	if r.Err != nil {
		return "FAIL"
	}
	return "PASS"
}

// Table prints the closing table, check by seconds, and `N passed, N failed`. The total is the time
// that passed, which is less than the sum where checks ran side by side.
func Table(out io.Writer, results []Result) (failed int) {
	var total time.Duration
	fmt.Fprintf(out, "\n%-72s %8s\n", "check", "seconds")
	for _, r := range results {
		mark := ""
		if r.Err != nil {
			mark = "  FAIL"
			failed++
		}
		total = max(total, r.Began.Add(r.Duration).Sub(results[0].Began))
		fmt.Fprintf(out, "%-72s %8.1f%s\n", r.Name, r.Duration.Seconds(), mark)
	}
	fmt.Fprintf(out, "%-72s %8.1f\n\n%d passed, %d failed\n", "total", total.Seconds(), len(results)-failed, failed)
	return failed
}

// command runs a shell command in a process group of its own, which a cancelled context ends.
func command(ctx context.Context, line string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", line)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// failures returns what tests say that fail, of `go test -v`, which may stand far before the end.
func failures(s string) string {
	const begins, fails = "=== RUN   ", "--- FAIL: "
	failed := map[string]bool{}
	for line := range strings.Lines(s) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), fails); ok {
			name, _, _ = strings.Cut(name, " ")
			failed[name] = true
		}
	}
	var b strings.Builder
	running := ""
	for line := range strings.Lines(s) {
		if name, ok := strings.CutPrefix(line, begins); ok {
			running = strings.TrimSpace(name)
		}
		if failed[running] || strings.HasPrefix(strings.TrimSpace(line), fails) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// tail returns the last n lines.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append([]string{fmt.Sprintf("(%d lines before)", len(lines)-n)}, lines[len(lines)-n:]...)
	}
	return strings.Join(lines, "\n")
}

// Root returns the repository's root: the nearest folder upwards that holds go.work.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for d := dir; ; d = d[:strings.LastIndexByte(d, '/')] {
		if _, err := os.Stat(d + "/go.work"); err == nil {
			return d, nil
		}
		if !strings.Contains(strings.TrimPrefix(d, "/"), "/") {
			return "", fmt.Errorf("no go.work in %s or above it: run this in a checkout", dir)
		}
	}
}
