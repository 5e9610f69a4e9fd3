//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	argued        = "/opt/argued"
	harmlessWord  = "intruder-calm" // as long as toolCommand
	flippingWay   = "executing with arguments that another thread changes"
	flippingTries = 40
)

// argumentRules let a program be started with one argument alone.
const argumentRules = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: argued, namespace: default}
spec:
  selector: {}
  process:
    matchPaths: [{path: ` + argued + `, allowedArgs: [` + harmlessWord + `]}]
  action: Block
`

// argumentWays start the program with an argument that it may not have.
func argumentWays() []way {
	return []way{
		{name: "another argument", try: func() error { return runs(argued, toolCommand) }},
		{name: "another argument before the allowed one", try: func() error { return runs(argued, toolCommand, harmlessWord) }},
		{name: "another argument behind the allowed one's name", try: func() error {
			return ran(&exec.Cmd{Path: argued, Args: []string{harmlessWord, toolCommand, harmlessWord}})
		}},
		{name: "another argument before more than are read", try: func() error {
			return runs(argued, append([]string{toolCommand}, slices.Repeat([]string{harmlessWord}, 400)...)...)
		}},
		{name: "another argument before longer ones than are read", try: func() error {
			return runs(argued, toolCommand, strings.Repeat("x", 100_000))
		}},
		{name: "another argument beside an environment of a page", try: func() error {
			cmd := exec.Command(argued, toolCommand)
			cmd.Env = []string{"PAD=" + strings.Repeat("x", 4096)}
			return ran(cmd)
		}},
		{name: "another argument for an interpreter", try: func() error { return runScript("#!" + argued + " " + toolCommand + "\n") }},
		{name: "another argument by descriptor", try: func() error { return runByDescriptor(argued, toolCommand) }},
		{name: "another argument from a chroot", try: func() error {
			return ran(&exec.Cmd{Path: "/argued", Args: []string{"argued", toolCommand}, SysProcAttr: &unix.SysProcAttr{Chroot: "/opt"}})
		}},
		{name: "an argument that another thread changes", try: runsFlipped},
	}
}

// runsFlipped starts the program again and again with an argument that changes meanwhile.
func runsFlipped() error {
	var failed error
	for range flippingTries {
		out, err := exec.Command("/proc/self/exe", tryCommand, flippingWay).CombinedOutput()
		if err == nil && strings.Contains(string(out), toolSays) {
			return nil
		}
		failed = errors.Join(err, fmt.Errorf("%s", out))
		if err == nil {
			failed = errors.New("permission denied whenever it had the other argument")
		}
	}
	return failed
}

// execFlipped executes the program while another thread changes the argument between the two words.
func execFlipped() error {
	word := append([]byte(harmlessWord), 0)
	path := append([]byte(argued), 0)
	args := []*byte{&path[0], &word[0], nil}
	env := []*byte{nil}
	go func() {
		for {
			copy(word, toolCommand)
			copy(word, harmlessWord)
		}
	}()
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])))
	return errno
}
