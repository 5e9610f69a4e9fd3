package kernel

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Ways to choose the active Linux security modules, apart from a literal list.
const (
	LSMWithBPF = "bpf"     // the kernel's own list, and bpf
	LSMDefault = "default" // the kernel's own list, whatever it is
)

var configLSM = regexp.MustCompile(`(?m)^CONFIG_LSM="([^"]*)"`)

// LSMParameters are the words on the kernel's command line for a choice of
// security modules.
func (k Kernel) LSMParameters(choice string) ([]string, error) {
	config, err := os.ReadFile(k.Config())
	if err != nil {
		return nil, fmt.Errorf("read the configuration of kernel %s: %w", k.Release, err)
	}
	return lsmParameters(string(config), choice)
}

func lsmParameters(config, choice string) ([]string, error) {
	list := choice
	switch choice {
	case LSMDefault:
		return nil, nil
	case LSMWithBPF, "":
		m := configLSM.FindStringSubmatch(config)
		if m == nil {
			return nil, fmt.Errorf("the kernel's configuration has no CONFIG_LSM: name the security modules")
		}
		list = m[1]
		if !contains(list, "bpf") {
			list = strings.Trim(list+",bpf", ",")
		}
		return []string{"lsm=" + list}, nil
	}
	words := []string{"lsm=" + list}
	if contains(list, "selinux") {
		// Built in but off unless asked for; permissive until a policy is loaded.
		words = append(words, "selinux=1", "enforcing=0")
	}
	return words, nil
}

func contains(list, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item == name {
			return true
		}
	}
	return false
}
