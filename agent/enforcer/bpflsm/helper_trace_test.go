package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// helpTrace reaches into other tasks.
func helpTrace(task []string) error {
	switch task[0] {
	case "reach":
		cmd := exec.Command(task[2], "100")
		if err := cmd.Start(); err != nil {
			return err
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		if err := waitForExec(cmd.Process.Pid); err != nil {
			return err
		}
		return reach(task[1], cmd.Process.Pid)
	case "reach-pid":
		pid, err := strconv.Atoi(task[2])
		return errors.Join(err, reach(task[1], pid))
	case "exec-traced":
		cmd := exec.Command(task[1], "0")
		cmd.SysProcAttr = &unix.SysProcAttr{Ptrace: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		return errors.Join(cmd.Process.Kill(), ignore(cmd.Wait()))
	}
	return fmt.Errorf("no such task: %s", task[0])
}

func ignore(error) error { return nil }

// waitForExec waits until a child runs its program: Start may return before. The kernel makes the
// stack that /proc/PID/stat tells of after the exec has its new rights.
func waitForExec(pid int) error {
	own, err := startOfCode(os.Getpid())
	for end := time.Now().Add(10 * time.Second); err == nil; {
		var its string
		if its, err = startOfCode(pid); its != own {
			return err
		}
		if time.Now().After(end) {
			return errors.New("it does not execute its program")
		}
	}
	return err
}

// startOfCode returns where the code of a process begins (proc(5), /proc/pid/stat, field 26).
func startOfCode(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	_, fields, _ := strings.Cut(string(text), ") ")
	return strings.Fields(fields)[23], nil
}

// reach tries one way into a task that has executed its program.
func reach(how string, pid int) error {
	switch how {
	case "attach", "seize":
		request := unix.PTRACE_ATTACH
		if how == "seize" {
			request = unix.PTRACE_SEIZE
		}
		if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), 0, 0, 0, 0); errno != 0 {
			return errno
		}
		if how == "attach" {
			var status unix.WaitStatus
			_, err := unix.Wait4(pid, &status, unix.WALL, nil)
			return errors.Join(err, unix.PtraceDetach(pid))
		}
		return nil
	case "mem":
		f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return f.Close()
	case "maps":
		_, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		return err
	case "vm_writev":
		return writeInto(pid)
	case "getfd":
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			return err
		}
		_, err = unix.PidfdGetfd(fd, 1, 0)
		return err
	}
	return fmt.Errorf("no such way: %s", how)
}

// writeInto writes to the stack of a task what is there.
func writeInto(pid int) error {
	var at uint64
	for end := time.Now().Add(10 * time.Second); at == 0; {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(maps)) {
			if from, _, _ := strings.Cut(line, "-"); strings.Contains(line, "[stack]") {
				if at, err = strconv.ParseUint(from, 16, 64); err != nil {
					return err
				}
			}
		}
		if time.Now().After(end) {
			return errors.New("it has no stack")
		}
	}
	local := []unix.Iovec{{Base: new(byte), Len: 1}}
	_, err := unix.ProcessVMWritev(pid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: 1}}, 0)
	return err
}
