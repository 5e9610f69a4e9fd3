//go:build guest

package attacks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What rules about the caller's program withhold: the file from the intruder's own program and
// those of a folder, TCP sockets from all but one program.
const (
	guarded  = "/guarded/file"
	granted  = "/opt/granted"
	programs = "/programs"
)

// sourceRules grant that program what withheld leaves to everybody, so they are of their own.
const sourceRules = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: sources, namespace: default}
spec:
  selector: {}
  file:
    matchPaths:
    - {path: /guarded/file, action: Block, fromSource: [{path: /intruder}, {dir: /programs/, recursive: true}]}
  network:
    matchProtocols:
    - {protocol: all, action: Allow}
    - {protocol: tcp, action: Block}
    - {protocol: tcp, action: Allow, fromSource: [{path: /opt/granted}]}
`

func sourceWays() []way {
	disguised := func(act call) func() error { return func() error { return disguise(granted, act) } }
	return []way{
		{name: "the guarded file", try: reads(guarded)},
		{name: "the guarded file in a thread", try: func() error {
			result := make(chan error)
			go func() { result <- read(guarded) }()
			return <-result
		}},
		{name: "the guarded file by a worker of io_uring", try: readGuardedByRing},
		{name: "the guarded file in namespaces of its own", try: func() error { return again("the guarded file", unix.SysProcAttr{Cloneflags: everyNamespace}) }},
		{name: "the guarded file in another cgroup", try: func() error { return errors.Join(joins(hostGroups, 0), read(guarded)) }},
		{name: "the guarded file under another short name", try: func() error {
			name := append([]byte("granted"), 0)
			return errors.Join(unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0), read(guarded))
		}},
		{name: "the guarded file with its program renamed", try: func() error {
			err := os.Rename("/intruder", "/work/renamed")
			return errors.Join(err, read(guarded), os.Rename("/work/renamed", "/intruder"))
		}},
		{name: "the guarded file with its program deleted", try: func() error { return tryFrom(programs, "deleting, then the guarded file") }},
		{name: "the guarded file by a program that was deleted", try: readFromDeletedProgram},
		{name: "the guarded file as the program of a script", try: func() error { return runTry("#!/intruder " + tryCommand + "\n") }},
		{name: "the guarded file with its program mounted elsewhere", try: inOwnMounts(func(at string) error {
			err := errors.Join(os.WriteFile(at+"/free", nil, 0o755), bind("/intruder", at+"/free"))
			return errors.Join(err, ranTry(at+"/free", "the guarded file", unix.SysProcAttr{}))
		})},
		{name: "the guarded file as another's program for /proc", try: disguised(opening(guarded))},
		{name: "the guarded file by a copy of its program", try: func() error { return tryFrom("/work", "the guarded file") }, open: true},
		{name: "the guarded file by a link to its program", try: func() error {
			name, err := fresh()
			return errors.Join(err, os.Link("/intruder", name), ranTry(name, "the guarded file", unix.SysProcAttr{}))
		}, open: true},

		{name: "a tcp socket", try: socket(unix.AF_INET, unix.SOCK_STREAM, 0)},
		{name: "a tcp socket as another's program for /proc", try: disguised(call{unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0})},
		{name: "a tcp socket under another's argv[0]", try: func() error {
			return ran2(&exec.Cmd{Path: "/intruder", Args: []string{granted, tryCommand, "a tcp socket"}})
		}},
		{name: "a tcp socket with its program renamed to the other's", try: func() error {
			away, err := fresh()
			err = errors.Join(err, os.Rename(granted, away), os.Rename("/intruder", granted))
			_, failed := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			return errors.Join(err, failed, os.Rename(granted, "/intruder"), os.Rename(away, granted))
		}},
		{name: "a tcp socket with its program mounted over the other's", try: inOwnMounts(func(string) error {
			return errors.Join(bind("/intruder", granted), ranTry(granted, "a tcp socket", unix.SysProcAttr{}))
		})},
		{name: "a tcp socket from a root where its program has the other's name", try: func() error {
			root, err := os.MkdirTemp("/work", "root-")
			err = errors.Join(err, os.Mkdir(root+"/opt", 0o755), os.Link("/intruder", root+granted))
			return errors.Join(err, ranTry(granted, "a tcp socket", unix.SysProcAttr{Chroot: root}))
		}},
		{name: "a tcp socket by a link of the other's name", try: func() error {
			dir, err := os.MkdirTemp("/work", "link-")
			return errors.Join(err, os.Symlink("/intruder", dir+"/granted"), ranTry(dir+"/granted", "a tcp socket", unix.SysProcAttr{}))
		}},
		{name: "a tcp socket by a program in memory of the other's name", try: func() error {
			fd, err := unix.MemfdCreate(granted, 0)
			err = errors.Join(err, copyOf("/proc/self/exe", os.NewFile(uintptr(fd), granted)))
			return errors.Join(err, ranTry(fmt.Sprintf("/proc/self/fd/%d", fd), "a tcp socket", unix.SysProcAttr{}))
		}},

		{name: "ptrace of a granted program", try: reaches(func(pid int) error { return ptrace(unix.PTRACE_ATTACH, pid) })},
		{name: "ptrace of a granted program that goes on", try: reaches(func(pid int) error { return ptrace(unix.PTRACE_SEIZE, pid) })},
		{name: "ptrace of a granted program by its child", try: reaches(func(pid int) error {
			return again(fmt.Sprintf("%s%d", reachPrefix, pid), unix.SysProcAttr{Setsid: true})
		})},
		{name: "the memory of a granted program", try: reaches(func(pid int) error {
			f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
			return errors.Join(err, f.Close())
		})},
		{name: "a write into the memory of a granted program", try: reaches(writeInto)},
		{name: "the descriptors of a granted program", try: reaches(func(pid int) error {
			fd, err := unix.PidfdOpen(pid, 0)
			_, failed := unix.PidfdGetfd(fd, 1, 0)
			return errors.Join(err, failed)
		})},
		{name: "a granted program started ptraced", try: func() error {
			cmd := exec.Command(granted, idleCommand)
			cmd.SysProcAttr = &unix.SysProcAttr{Ptrace: true}
			if err := cmd.Start(); err != nil {
				return err
			}
			return errors.Join(cmd.Process.Kill(), waited(cmd))
		}},
		{name: "a granted program that trusts its environment", try: func() error {
			out, err := exec.Command(granted, secureCommand).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}},
	}
}

// More commands of the intruder's program.
const (
	idleCommand   = "intruder-idle"   // say so and wait to be killed
	secureCommand = "intruder-secure" // fail where the exec was made secure
	reachPrefix   = "reach into "     // a way that is made up: ptrace the task of that number
)

const idles = "idle"

// intrudeBySource carries out the commands that the ways above need.
func intrudeBySource(command string) error {
	switch command {
	case idleCommand:
		fmt.Println(idles)
		time.Sleep(time.Hour)
		return nil
	case secureCommand:
		return trusting()
	}
	return fmt.Errorf("no such task: %s", command)
}

// trusting says whether the kernel told this program not to trust who started it.
func trusting() error {
	const atSecure = 23 // AT_SECURE, include/uapi/linux/auxvec.h
	text, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		return err
	}
	for ; len(text) >= 16; text = text[16:] {
		if binary.LittleEndian.Uint64(text) == atSecure && binary.LittleEndian.Uint64(text[8:]) != 0 {
			return errors.New("permission denied: the exec is secure")
		}
	}
	return nil
}

func waited(cmd *exec.Cmd) error { _ = cmd.Wait(); return nil }

func ran2(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// tryFrom tries a way from a copy of this program in a folder.
func tryFrom(dir, name string) error {
	at, err := os.MkdirTemp(dir, "copy-")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(at+"/x", os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	err = errors.Join(copyOf("/proc/self/exe", f), f.Close())
	return errors.Join(err, ranTry(at+"/x", name, unix.SysProcAttr{}))
}

// helpingWays are parts of ways: done by a program of another name.
func helpingWays(name string) (way, bool) {
	if name == deepWay {
		return way{name: name, try: readDeep}, true
	}
	if name == flippingWay {
		return way{name: name, try: execFlipped}, true
	}
	var pid int
	if _, err := fmt.Sscanf(name, reachPrefix+"%d", &pid); err == nil {
		return way{name: name, try: func() error { return ptrace(unix.PTRACE_ATTACH, pid) }}, true
	}
	if name == "deleting, then the guarded file" {
		return way{name: name, try: func() error {
			self, err := os.Readlink("/proc/self/exe")
			return errors.Join(err, os.Remove(self), read(guarded))
		}}, true
	}
	// What a script is started with: its own name.
	if strings.HasPrefix(name, "/work/") {
		return way{name: name, try: reads(guarded)}, true
	}
	return way{}, false
}

func runTry(script string) error {
	name, err := fresh()
	err = errors.Join(err, os.WriteFile(name, []byte(script), 0o755))
	return errors.Join(err, ran2(exec.Command(name)))
}

func readFromDeletedProgram() error {
	at, err := os.MkdirTemp(programs, "copy-")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(at+"/x", os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	err = errors.Join(copyOf("/proc/self/exe", f), f.Close())
	fd, failed := path(at + "/x")
	err = errors.Join(err, failed, os.Remove(at+"/x"))
	return errors.Join(err, ranTry(fmt.Sprintf("/proc/self/fd/%d", fd), "the guarded file", unix.SysProcAttr{}))
}

func readGuardedByRing() error {
	name := append([]byte(guarded), 0)
	at := unix.AT_FDCWD
	return readFD(byRing(0, ringEntry{opcode: ringOpenat, flags: ringAsync, fd: int32(at), addr: uint64(uintptr(unsafe.Pointer(&name[0])))}))
}

// reaches tries something on an idle task that runs the granted program. It waits until the
// program speaks: before its exec is done it is a task of this one's.
func reaches(try func(pid int) error) func() error {
	return func() error {
		cmd := exec.Command(granted, idleCommand)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		if _, err := io.ReadFull(out, make([]byte, len(idles))); err != nil {
			return err
		}
		return try(cmd.Process.Pid)
	}
}

func ptrace(request, pid int) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// writeInto writes a byte to the stack of a task.
func writeInto(pid int) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	var from uint64
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "[stack]") {
			_, err = fmt.Sscanf(line, "%x-", &from)
		}
	}
	if from == 0 || err != nil {
		return errors.Join(err, errors.New("it has no stack"))
	}
	local := []unix.Iovec{{Base: new(byte), Len: 1}}
	_, err = unix.ProcessVMWritev(pid, local, []unix.RemoteIovec{{Base: uintptr(from), Len: 1}}, 0)
	return err
}

// call is a system call with up to three arguments; a name stands for itself.
type call struct {
	number  uintptr
	a, b, c any
}

func opening(name string) call { return call{unix.SYS_OPEN, name, unix.O_RDONLY, 0} }

// disguise has a child make a call when /proc/PID/exe of that child is another program. The
// kernel allows the change once nothing of the child's own program is mapped any more, so the
// code for it, and nothing else, stands in memory of its own.
func disguise(as string, act call) error {
	fd, err := unix.Open(as, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	memory, err := unix.Mmap(-1, 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	s := stub{memory: memory}
	if err := s.unmapProgram(); err != nil {
		return err
	}
	const exeFile = 13 // PR_SET_MM_EXE_FILE
	s.call(unix.SYS_PRCTL, unix.PR_SET_MM, exeFile, uintptr(fd))
	s.code(0x48, 0x85, 0xc0, 0x74, 48) // test rax, rax; jz behind the following call
	s.call(unix.SYS_EXIT_GROUP, 99, 0, 0)
	s.call(act.number, s.argument(act.a), s.argument(act.b), s.argument(act.c))
	// The exit status is the error: mov rdi, rax; neg rdi; test rdi, rdi; jg 3; xor rdi, rdi.
	s.code(0x48, 0x89, 0xc7, 0x48, 0xf7, 0xdf, 0x48, 0x85, 0xff, 0x7f, 3, 0x48, 0x31, 0xff)
	s.code(0x48, 0xb8, unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0x05)
	code := &struct{ at uintptr }{uintptr(unsafe.Pointer(&memory[0]))}
	run := *(*func())(unsafe.Pointer(&code))
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		run()
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(int(pid), &status, 0, nil); err != nil {
		return err
	}
	switch {
	case !status.Exited() || status.ExitStatus() == 99:
		return fmt.Errorf("it could not disguise itself: %#x", status)
	case status.ExitStatus() != 0:
		return unix.Errno(status.ExitStatus())
	}
	return nil
}

// stub is machine code for x86-64, and behind it the names that it needs.
type stub struct {
	memory []byte
	end    int // of the code
	names  int // bytes of names, from the end of the memory
}

func (s *stub) code(b ...byte) { s.end += copy(s.memory[s.end:], b) }

// call makes a system call: mov rax, rdi, rsi, rdx; xor r10, r10; xor r8, r8; syscall.
func (s *stub) call(number, a, b, c uintptr) {
	for i, value := range []uintptr{number, a, b, c} {
		s.code([][]byte{{0x48, 0xb8}, {0x48, 0xbf}, {0x48, 0xbe}, {0x48, 0xba}}[i]...)
		s.code(binary.LittleEndian.AppendUint64(nil, uint64(value))...)
	}
	s.code(0x4d, 0x31, 0xd2, 0x4d, 0x31, 0xc0, 0x0f, 0x05)
}

func (s *stub) argument(value any) uintptr {
	name, ok := value.(string)
	if !ok {
		return uintptr(value.(int))
	}
	s.names += len(name) + 1
	at := s.memory[len(s.memory)-s.names:]
	copy(at, name)
	return uintptr(unsafe.Pointer(&at[0]))
}

// unmapProgram ends all mappings of the program's own file.
func (s *stub) unmapProgram() error {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	for line := range bytes.Lines(maps) {
		var from, to uint64
		if !bytes.HasSuffix(bytes.TrimSpace(line), []byte(" "+self)) {
			continue
		}
		if _, err := fmt.Sscanf(string(line), "%x-%x", &from, &to); err != nil {
			return err
		}
		s.call(unix.SYS_MUNMAP, uintptr(from), uintptr(to-from), 0)
	}
	return nil
}
