package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stage is the container's first process until its command takes over: it prepares mounts,
// says so, waits, and executes the command. It returns only if something failed.
func Stage() error {
	runtime.LockOSThread()
	in, out := os.NewFile(stageSpec, "spec"), os.NewFile(stageFailed, "failed")
	// The caller's other descriptors lead out of the container: into a folder of the host, say.
	if err := unix.CloseRange(stageSpec, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		fmt.Fprintf(out, "keep descriptors from the container: %v", err)
		return err
	}
	spec, err := readSpec(in)
	if err == nil {
		err = prepareMounts(spec)
	}
	if err != nil {
		fmt.Fprint(out, err)
		return err
	}
	program, missing := lookUp(spec.Command[0], os.Getenv("PATH"))
	if _, err := io.WriteString(out, stageReady); err != nil {
		return err
	}
	// From here on the container's policies may be in force: no file is opened.
	if n, _ := in.Read(make([]byte, 1)); n == 0 {
		return errors.New("the agent has gone away")
	}
	in.Close()
	if missing != nil {
		return reportExec(out, missing)
	}
	err = unix.Exec(program, spec.Command, os.Environ())
	return reportExec(out, execFailure(program, err))
}

// readSpec reads byte by byte, so that it takes nothing of what follows.
func readSpec(in io.Reader) (Spec, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := in.Read(b); err != nil {
			return Spec{}, fmt.Errorf("read the spec: %w", err)
		}
		if b[0] == '\n' {
			break
		}
		line = append(line, b[0])
	}
	var spec Spec
	if err := json.Unmarshal(line, &spec); err != nil {
		return spec, fmt.Errorf("read the spec: %w", err)
	}
	return spec, nil
}

// lookUp finds a command by the container's PATH, as shells do: one that is there and may not
// be executed is better than none, because exec then says why. It is told of a missing one
// only when the container is let go, so that bad policies are the first thing to be told.
func lookUp(command, path string) (program string, missing *ExecError) {
	if strings.Contains(command, "/") {
		return command, nil // exec says what is wrong with it
	}
	var found string
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "." // execvp(3)
		}
		name := filepath.Join(dir, command)
		if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
			continue
		}
		if unix.Access(name, unix.X_OK) == nil {
			return name, nil
		}
		if found == "" {
			found = name
		}
	}
	if command == "" || found == "" {
		return "", &ExecError{fmt.Sprintf("find %q in the container's PATH", command), unix.ENOENT}
	}
	return found, nil
}

// execFailure is for what exec returned. An argument with a zero byte never gets to the kernel.
func execFailure(program string, err error) *ExecError {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = unix.EINVAL
	}
	return &ExecError{"execute " + program, errno}
}

// reportExec hands the parent what kept the command from starting.
func reportExec(out io.Writer, failure *ExecError) error {
	if err := json.NewEncoder(out).Encode(failure); err != nil {
		return err
	}
	return failure
}
