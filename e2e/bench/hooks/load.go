package hooks

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

//go:embed load.c
var loadSource string

// Where the load and the file that it writes stand in the guest; it renames that to a name with a dash, and back.
const (
	loadPath    = "/opt/bench/load"
	scratchPath = "/opt/bench/scratch"
)

// paths are the names that the load opens, of 11, 42 and 88 bytes.
func paths() []string {
	return []string{
		"/etc/passwd",
		"/usr/lib/x86_64-linux-gnu/libssl.so.3.0.17",
		"/usr/local/lib/node_modules/npm/node_modules/@npmcli/arborist/lib/arborist/load-ideal.js",
	}
}

// buildLoad compiles the load for any guest.
func buildLoad(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "gcc", "-static", "-O2", "-Wall", "-Werror",
		fmt.Sprintf("-DLOAD_PATH=%q", loadPath), fmt.Sprintf("-DSCRATCH_PATH=%q", scratchPath), "-x", "c", "-", "-o", to)
	cmd.Stdin = strings.NewReader(loadSource)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the load: %w\n%s", err, out)
	}
	return nil
}

// Cost is what one system call took, in instructions.
type Cost struct {
	Call         string
	Instructions int
}

// readCosts parses what the load printed.
func readCosts(r io.Reader) ([]Cost, error) {
	var costs []Cost
	for lines := bufio.NewScanner(r); lines.Scan(); {
		call, count, found := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(count)
		if !found || err != nil {
			return nil, fmt.Errorf("the load printed %q, want a name and a number", lines.Text())
		}
		costs = append(costs, Cost{call, n})
	}
	if len(costs) == 0 {
		return nil, fmt.Errorf("the load printed nothing")
	}
	return costs, nil
}
