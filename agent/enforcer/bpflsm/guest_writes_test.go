package bpflsm

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kubearmor.io/policy"
)

const (
	someAttribute = "user.test"
	accessACL     = "system.posix_acl_access"
)

// writes are helper tasks that write without opening for it.
func writes() map[string]func(file string) error {
	return map[string]func(string) error{
		"setxattr":   func(f string) error { return unix.Setxattr(f, someAttribute, []byte("x"), 0) },
		"fsetxattr":  byDescriptor(func(fd int) error { return unix.Fsetxattr(fd, someAttribute, []byte("x"), 0) }),
		"unsetxattr": func(f string) error { return unix.Removexattr(f, someAttribute) },
		"setacl":     func(f string) error { return unix.Setxattr(f, accessACL, someACL(), 0) },
		"unsetacl":   func(f string) error { return unix.Removexattr(f, accessACL) },
		"utimes":     func(f string) error { return unix.Utimes(f, make([]unix.Timeval, 2)) },
		"futimes": byDescriptor(func(fd int) error {
			return unix.Futimes(fd, make([]unix.Timeval, 2))
		}),
		"setflags":   byDescriptor(func(fd int) error { return setFlags(fd, unix.FS_IOC_GETFLAGS, unix.FS_IOC_SETFLAGS, 4) }),
		"fssetxattr": byDescriptor(func(fd int) error { return setFlags(fd, fsGetXattr, fsSetXattr, 28) }),
		"chmod":      func(f string) error { return unix.Chmod(f, 0o600) },
		"chown":      func(f string) error { return unix.Chown(f, 1, 1) },
		"truncate":   func(f string) error { return unix.Truncate(f, 1) },
		// Neither is a file's.
		"touchpipe": func(string) error {
			var p [2]int
			return errors.Join(unix.Pipe(p[:]), unix.Futimes(p[0], make([]unix.Timeval, 2)))
		},
		"touchmemfd": func(string) error {
			fd, err := unix.MemfdCreate("x", 0)
			return errors.Join(err, unix.Futimes(fd, make([]unix.Timeval, 2)))
		},
	}
}

// Numbers of include/uapi/linux/fs.h.
const (
	fsGetXattr = 0x801c581f
	fsSetXattr = 0x401c5820
)

func ioctl(fd int, request uint, data []byte) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(&data[0]))); errno != 0 {
		return errno
	}
	return nil
}

func byDescriptor(act func(fd int) error) func(string) error {
	return func(name string) error {
		fd, err := unix.Open(name, unix.O_RDONLY, 0)
		if err != nil {
			return fmt.Errorf("the open was to be allowed: %w", err)
		}
		return act(fd)
	}
}

// setFlags writes back the flags that a file has.
func setFlags(fd int, get, set uint, size int) error {
	flags := make([]byte, size)
	if err := ioctl(fd, get, flags); err != nil {
		return fmt.Errorf("reading them: %w", err)
	}
	return ioctl(fd, set, flags)
}

// someACL is user::rw-, user:1:r--, group::r--, mask::r--, other::r--.
func someACL() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range [][3]uint32{{1, 6, ^uint32(0)}, {2, 4, 1}, {4, 4, ^uint32(0)}, {16, 4, ^uint32(0)}, {32, 4, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return b
}

func TestEveryWriteIsJudgedOnce(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const dir, file, rule = "/var/tmp/rules", "/var/tmp/rules/file", "spec.file.matchPaths[0]"
	onList := "file: {matchDirectories: [{dir: /, recursive: true, readOnly: true, action: Allow}, {dir: /dev/, recursive: true, action: Allow}]"
	for name, c := range map[string]struct {
		spec   string
		denied bool
		event  *told
	}{
		"blocked":                    {"file: {matchPaths: [{path: " + file + ", readOnly: true}]}", true, &told{file, policy.ReportBlock, policy.ReasonRule, rule}},
		"audited":                    {"file: {matchPaths: [{path: " + file + ", readOnly: true, action: Audit}]}", false, &told{file, policy.ReportAudit, policy.ReasonRule, rule}},
		"on the list":                {onList + ", matchPaths: [{path: " + file + ", action: Allow}]}", false, nil},
		"on the list for reading":    {onList + "}", true, &told{file, policy.ReportBlock, policy.ReasonPosture, ""}},
		"nothing any rule speaks of": {"file: {matchPaths: [{path: /no/such}]}", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			furnish(t, dir)
			b := g.box(t, "writes "+name, c.spec)
			got := outcomes(t, b.run(t, "helper: writes "+file))
			var want []told
			for write := range writes() {
				denied := c.denied && !strings.HasPrefix(write, "touch") // neither is a file's
				if failed := got[write]; (failed == "permission denied") != denied || !denied && failed != "" {
					t.Errorf("%s: %q, want denied %t", write, failed, denied)
				}
				if c.event != nil && !strings.HasPrefix(write, "touch") {
					want = append(want, *c.event)
				}
			}
			var events []told
			for _, e := range g.of(t, "writes "+name) {
				events = append(events, slices.Repeat([]told{tell(e)}, 1+int(e.Repeats))...)
			}
			if diff := cmp.Diff(want, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// outcomes reads what a helper has said of each of its acts.
func outcomes(t *testing.T, r result) map[string]string {
	t.Helper()
	said := map[string]string{}
	if err := json.Unmarshal([]byte(r.output), &said); err != nil {
		t.Fatalf("exit status %d, %v: %s", r.exit, err, r.output)
	}
	return said
}

// all tries every act and says what became of each: nothing if it worked.
func all(acts map[string]func(string) error, arg string) error {
	said := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(acts)) {
		said[name] = ""
		if err := acts[name](arg); err != nil {
			said[name] = err.Error()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

// attribute gives a file what removing takes away.
func attribute(t *testing.T, file string) {
	t.Helper()
	if err := errors.Join(unix.Setxattr(file, someAttribute, []byte("x"), 0), unix.Setxattr(file, accessACL, someACL(), 0)); err != nil {
		t.Fatal(err)
	}
}

func TestATruncationByDescriptorWasJudgedWhenItWasOpened(t *testing.T) {
	g := newGuest(t, Options{})
	if g.objects.programs["check_set_acl"] == nil {
		t.Skip("Linux 6.1 has one hook for truncating by name and by descriptor: docs/limits.md")
	}
	furnish(t, "/var/tmp/rules")
	const file = "/var/tmp/rules/file"
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := g.box(t, "ftruncate", "file: {matchPaths: [{path: "+file+"}]}")
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := program("helper: ftruncate 3")
	cmd.ExtraFiles = []*os.File{f}
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if got := finished(t, cmd); got.exit != 0 {
		t.Errorf("a descriptor from before the policy was judged again: %s", got.output)
	}
}
