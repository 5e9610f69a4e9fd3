//go:build guest

package attacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary is also the program of the intruder in the container. Its first argument is
// one of these.
const (
	sweepCommand = "intruder-sweep" // try every way, each in a process of its own
	tryCommand   = "intruder-try"   // try one way
	waitCommand  = "intruder-wait"  // try one way when a file says so
	toolCommand  = "intruder-tool"  // what the blocked program does
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || !strings.HasPrefix(os.Args[1], "intruder-") {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // namespaces, roots and rights are a thread's
	if err := intrude(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func intrude(command string, args []string) error {
	switch command {
	case sweepCommand:
		return json.NewEncoder(os.Stdout).Encode(sweep(groups()[args[0]]))
	case tryCommand:
		return find(args[0]).try()
	case waitCommand:
		return waitAndTry(args[0])
	case toolCommand:
		fmt.Println(toolSays)
		return nil
	case harmlessWord:
		return nil
	case crashCommand:
		return handleCrash(args[0])
	}
	return intrudeBySource(command)
}

// sweep tries every way and returns what became of each: nothing if it worked.
func sweep(ways []way) map[string]string {
	outcome := map[string]string{}
	for _, w := range ways {
		out, err := exec.Command("/proc/self/exe", tryCommand, w.name).CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			outcome[w.name] = strings.TrimSpace(string(out))
		} else if err != nil {
			outcome[w.name] = fmt.Sprintf("the intruder itself failed: %v: %s", err, out)
		} else {
			outcome[w.name] = ""
		}
	}
	return outcome
}

// waitAndTry does nothing that a policy could judge until it is told to go on.
func waitAndTry(name string) error {
	w := find(name)
	if err := prepare(name); err != nil {
		return err
	}
	if err := os.WriteFile(readyFile(name), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	idle(goFile(name))
	said := "got in"
	if err := w.try(); err != nil {
		said = err.Error()
	}
	return errors.Join(os.WriteFile(saidFile(name)+".new", []byte(said), 0o644), os.Rename(saidFile(name)+".new", saidFile(name)))
}

func readyFile(name string) string { return "/work/ready-" + strings.ReplaceAll(name, " ", "-") }
func goFile(name string) string    { return "/work/go-" + strings.ReplaceAll(name, " ", "-") }
func saidFile(name string) string  { return "/work/said-" + strings.ReplaceAll(name, " ", "-") }

// way is one attempt. try returns nil only if the intruder got what the policy withholds.
type way struct {
	name string
	try  func() error
	open bool // docs/limits.md says that this version does not hold it
	// lacking: it fails so on kernels that have no such thing, which then is told and no failure. 0: all have it.
	lacking syscall.Errno
}

func ways() []way {
	var all []way
	for _, part := range [][]way{readingWays(), kernelWays(), mountWays(), changingWays(), attributeWays(), programWays(), mappingWays(), presetWays(), argumentWays(), rightsWays(), leavingWays(), nameWays(), sourceWays()} {
		all = append(all, part...)
	}
	return all
}

// Groups of ways, by the policy that is to hold them.
const (
	groupWays     = "ways"
	groupOutside  = "outside"
	groupNetwork  = "network"
	groupControls = "network-controls"
)

func groups() map[string][]way {
	return map[string][]way{groupWays: ways(), groupOutside: outsideWays(), groupNetwork: networkWays(), groupControls: networkControls()}
}

func find(name string) way {
	for _, group := range groups() {
		for _, w := range group {
			if w.name == name {
				return w
			}
		}
	}
	for _, w := range residents() {
		if w.name == name {
			return w
		}
	}
	if w, ok := helpingWays(name); ok {
		return w
	}
	return way{try: func() error { return fmt.Errorf("no such way: %s", name) }}
}
