package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

// Share runs the tests of a guest with one set of programs, which the kernel verifies once: an agent
// puts no policies in force on a container that idles, and is killed. Each agent that Persists takes
// the programs over then, and on Stop leaves them to the next; there can be one at a time. In the end
// they are released. It returns the exit status.
func Share(program string, tests func() int) int {
	code := 0
	if err := share(program, func() { code = tests() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func share(program string, tests func()) (err error) {
	ctx := context.Background()
	idle, err := container.Run(ctx, oci.Config{
		ID: "idle", Image: "/images/busybox", Process: image.Process{Args: []string{"/bin/sleep", "1000000"}},
	}, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, idle.Close()) }()
	policies, err := os.MkdirTemp("", "no-policies-")
	if err != nil {
		return fmt.Errorf("share programs: %w", err)
	}
	defer os.RemoveAll(policies)
	a, err := Attach(ctx, program, Target{PID: idle.PID, Name: idle.Name, Policies: policies, Persist: true})
	if err != nil {
		return err
	}
	a.Kill()
	tests()
	out, err := exec.Command(program, "release").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "removed ") {
		return fmt.Errorf("release the shared programs: %w: %s", err, out)
	}
	return nil
}
