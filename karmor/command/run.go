package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
)

// agentName is the program that enforces; karmor itself holds none of the kernel's parts.
const agentName = "kubearmor-agent"

func newRun() *cobra.Command {
	return &cobra.Command{
		Use:   "run -f FILE... [flags] -- COMMAND [ARG...]",
		Short: "Run a command on this host under policies, without a cluster",
		Long: `Run a command on this host as a container of its own under policies.

It needs root, a kernel that can enforce, and kubearmor-agent, which is looked for beside
karmor and then in PATH: karmor becomes 'kubearmor-agent run' with the same arguments. Output
and exit status are the command's: 126 if it may not start, 127 if there is no such command, 128
plus the signal's number if a signal ends it; 2 for policies that are refused.

Flags:
  -f, --filename FILE            policies; may be repeated
      --labels k=v,...           the container's labels; without them every selector counts as fulfilled
      --namespace NS             the container's namespace; without it a policy of any counts
      --name NAME                the container's name (default run)
      --root DIR                 directory that becomes the container's root
      --enforcer NAME            what enforces: bpf
      --events FILE|-            write events as JSON lines, - to standard output
      --partial                  run although some rules can't be carried out`,
		Example: `  karmor run -f no-shells.yaml -- nginx -g 'daemon off;'
  karmor run -f policy.yaml --events - -- make test`,
		DisableFlagParsing: true, // they are the agent's
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return status.Usage("run needs policies and a command: -f FILE -- COMMAND")
			}
			if args[0] == "-h" || args[0] == "--help" {
				return cmd.Help()
			}
			agent, err := findAgent()
			if err != nil {
				return err
			}
			// Not a child: signals, the terminal and the exit status are the agent's then.
			err = syscall.Exec(agent, append([]string{agentName, "run"}, args...), os.Environ())
			return fmt.Errorf("%s can't be started: %w", agent, err)
		},
	}
}

// findAgent looks beside karmor, also where karmor is a link, and in PATH.
func findAgent() (string, error) {
	var beside []string
	if self, err := os.Executable(); err == nil {
		beside = append(beside, filepath.Dir(self))
		if real, err := filepath.EvalSymlinks(self); err == nil && filepath.Dir(real) != beside[0] {
			beside = append(beside, filepath.Dir(real))
		}
	}
	for _, dir := range beside {
		if path, err := exec.LookPath(filepath.Join(dir, agentName)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(agentName)
	if errors.Is(err, exec.ErrDot) {
		return "", fmt.Errorf("%s is found through a relative entry of PATH, which is not trusted: give PATH full paths", agentName)
	}
	if err != nil {
		return "", fmt.Errorf("%s is neither beside karmor nor in PATH: install it, it carries out the policies", agentName)
	}
	return path, nil
}
