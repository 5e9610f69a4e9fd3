package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
)

// target is what the ways below are aimed at, given to a helper as words.
type target struct {
	set               string // folder of pins
	agent             int
	object, slab      ebpf.MapID
	program           ebpf.ProgramID
	link              link.ID
	elsewhere, folder string // in the same file system, not ours; and a folder of files
}

func (g target) String() string {
	return fmt.Sprintf("%s,%d,%d,%d,%d,%d,%s,%s", g.set, g.agent, g.object, g.slab, g.program, g.link, g.elsewhere, g.folder)
}

func parseTarget(s string) (g target, err error) {
	f := strings.Split(s, ",")
	g.set, g.elsewhere, g.folder = f[0], f[6], f[7]
	_, err = fmt.Sscan(strings.Join(f[1:6], " "), &g.agent, &g.object, &g.slab, &g.program, &g.link)
	return g, err
}

// spare is a pin that the test can do without.
func (g target) spare() string { return filepath.Join(g.set, "links", "spare") }

func closing(c interface{ Close() error }, err error) error {
	if err != nil {
		return err
	}
	return c.Close()
}

// tamperWays get at what is ours. Each succeeds from outside of every container.
func tamperWays() map[string]func(target) error {
	return map[string]func(target) error{
		"a map by its number":     func(g target) error { m, err := ebpf.NewMapFromID(g.object); return closing(m, err) },
		"compiled policies":       func(g target) error { m, err := ebpf.NewMapFromID(g.slab); return closing(m, err) },
		"a program by its number": func(g target) error { p, err := ebpf.NewProgramFromID(g.program); return closing(p, err) },
		"a link by its number":    func(g target) error { l, err := link.NewFromID(g.link); return closing(l, err) },
		"a map from its pin":      func(g target) error { return openPin(filepath.Join(g.set, "maps", "containers")) },
		"a map from its pin, to read": func(g target) error {
			m, err := ebpf.LoadPinnedMap(filepath.Join(g.set, "maps", "cgroups"), &ebpf.LoadPinOptions{ReadOnly: true})
			return closing(m, err)
		},
		"a map from a pin by another mount": func(g target) error {
			return byOtherMount(g, func(at string) error { return openPin(filepath.Join(at, "maps", "containers")) })
		},
		"unlinking a pin": func(g target) error { return os.Remove(g.spare()) },
		"unlinking a pin by another mount": func(g target) error {
			return byOtherMount(g, func(at string) error { return os.Remove(at + "/links/spare") })
		},
		"renaming a pin": func(g target) error {
			return errors.Join(os.Rename(g.spare(), g.spare()+"2"), os.Rename(g.spare()+"2", g.spare()))
		},
		"moving a pin elsewhere": func(g target) error {
			return errors.Join(os.Rename(g.spare(), g.elsewhere+"/x"), os.Rename(g.elsewhere+"/x", g.spare()))
		},
		"renaming the set": func(g target) error { return errors.Join(os.Rename(g.set, g.set+"2"), os.Rename(g.set+"2", g.set)) },
		"renaming the folder of sets": func(g target) error {
			dir := filepath.Dir(g.set)
			return errors.Join(os.Rename(dir, dir+"2"), os.Rename(dir+"2", dir))
		},
		"a pin of another object": func(g target) error { return pinOwn(filepath.Join(g.set, "maps", "planted")) },
		"a folder among the pins": func(g target) error {
			dir := filepath.Join(g.set, "planted")
			return errors.Join(os.Mkdir(dir, 0o700), os.Remove(dir))
		},
		"renaming another pin onto one": func(g target) error {
			return errors.Join(pinKept(g.elsewhere+"/y"), os.Rename(g.elsewhere+"/y", g.spare()))
		},
		"a second name for a pin": func(g target) error {
			return errors.Join(os.Link(g.spare(), g.elsewhere+"/z"), os.Remove(g.elsewhere+"/z"))
		},
		"a symbolic link among the pins": func(g target) error {
			name := filepath.Join(g.set, "maps", "planted")
			return errors.Join(os.Symlink("containers", name), os.Remove(name))
		},
		"taking the file system of pins away": func(g target) error {
			return errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Unmount("/sys/fs/bpf", unix.MNT_DETACH))
		},
		"a signal to the agent": func(g target) error { return unix.Kill(g.agent, unix.SIGCONT) },
		"a signal to the agent by its pidfd": func(g target) error {
			fd, err := unix.PidfdOpen(g.agent, 0)
			if err != nil {
				return err
			}
			return unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0)
		},
		readySignal: func(g target) error { return signalWhenReady(g.agent) },
		"the agent's limits": func(g target) error {
			var is unix.Rlimit
			err := unix.Prlimit(g.agent, unix.RLIMIT_CPU, nil, &is)
			return errors.Join(err, unix.Prlimit(g.agent, unix.RLIMIT_CPU, &is, nil))
		},
		"the agent's processors": func(g target) error {
			var are unix.CPUSet
			err := unix.SchedGetaffinity(g.agent, &are)
			return errors.Join(err, unix.SchedSetaffinity(g.agent, &are))
		},
		"the agent's niceness": func(g target) error { return unix.Setpriority(unix.PRIO_PROCESS, g.agent, 0) },
		"tracing the agent":    func(g target) error { return unix.PtraceSeize(g.agent) },
		"the agent's descriptors": func(g target) error {
			fd, err := unix.PidfdOpen(g.agent, 0)
			if err != nil {
				return err
			}
			_, err = unix.PidfdGetfd(fd, 1, 0)
			return err
		},
		"the agent's memory": func(g target) error {
			f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", g.agent), os.O_RDWR, 0)
			return closing(f, err)
		},
		"the agent's root": func(g target) error { _, err := os.ReadDir(fmt.Sprintf("/proc/%d/root/", g.agent)); return err },
	}
}

// readySignal is a way that nobody has: the agent asks for no such signal.
const readySignal = "a signal to the agent when a descriptor is ready"

// signalWhenReady has the kernel stop a child, to show that it does, and then the agent.
func signalWhenReady(agent int) error {
	child := exec.Command("/bin/sleep", "60")
	if err := child.Start(); err != nil {
		return err
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if err := stopWhenReady(child.Process.Pid); err != nil {
		return fmt.Errorf("a child does not stop: %s", err)
	}
	if err := stopWhenReady(agent); err != nil {
		return fmt.Errorf("%w: %w", err, unix.EPERM)
	}
	return nil
}

// stopWhenReady has the kernel stop a process because something can be read.
func stopWhenReady(process int) error {
	const setSignal = 10 // F_SETSIG
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		return err
	}
	for _, set := range [][2]int{{unix.F_SETOWN, process}, {setSignal, int(unix.SIGSTOP)}, {unix.F_SETFL, unix.O_ASYNC}} {
		if _, err := unix.FcntlInt(uintptr(pipe[0]), set[0], set[1]); err != nil {
			return err
		}
	}
	defer func() { _ = unix.Kill(process, unix.SIGCONT) }()
	if _, err := unix.Write(pipe[1], []byte("x")); err != nil {
		return err
	}
	for range 20 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if err != nil {
			return err
		}
		if strings.Contains(string(stat), ") T ") {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("it did not stop")
}

// otherUse is what a container with these rights does with BPF, and goes on doing.
func otherUse() map[string]func(target) error {
	return map[string]func(target) error{
		"a map of its own, by number": func(target) error {
			m, err := ownMap()
			if err != nil {
				return err
			}
			info, err := m.Info()
			if err != nil {
				return err
			}
			id, _ := info.ID()
			again, err := ebpf.NewMapFromID(id)
			return closing(again, err)
		},
		"a pin of its own": func(g target) error {
			name := filepath.Join(g.elsewhere, "own")
			return errors.Join(pinKept(name), openPin(name), os.Rename(name, name+"2"), os.Remove(name+"2"))
		},
		"a file system of its own": func(g target) error {
			at := g.folder + "/bpffs"
			return errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), os.MkdirAll(at, 0o755),
				unix.Mount("bpf", at, "bpf", 0, ""), pinOwn(at+"/own"), unix.Unmount(at, 0))
		},
		"a signal to a child": func(target) error {
			cmd := exec.Command("/bin/sleep", "1000")
			if err := cmd.Start(); err != nil {
				return err
			}
			return cmd.Process.Kill()
		},
	}
}

func openPin(name string) error { m, err := ebpf.LoadPinnedMap(name, nil); return closing(m, err) }

func ownMap() (*ebpf.Map, error) {
	return ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
}

func pinKept(name string) error {
	m, err := ownMap()
	if err != nil {
		return err
	}
	return m.Pin(name)
}

func pinOwn(name string) error { return errors.Join(pinKept(name), os.Remove(name)) }

// byOtherMount sees the set by a mount that the task makes.
func byOtherMount(g target, do func(at string) error) error {
	at := g.folder + "/mount"
	err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), os.MkdirAll(at, 0o755), unix.Mount(g.set, at, "", unix.MS_BIND, ""))
	if err != nil {
		return fmt.Errorf("mount: %v", err) // no denial of what is tried
	}
	return do(at)
}

// tamper does one of the above in this process.
func tamper(way, at string) error {
	g, err := parseTarget(at)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // mount namespaces are a thread's
	do := tamperWays()[way]
	if do == nil {
		do = otherUse()[way]
	}
	return do(g)
}

// tampering tries each way from outside, where it must succeed, and in a container.
func tampering(t *testing.T, group cgroup.Group) {
	a := startAgent(t, group, "/var/tmp/rules/file")
	a.says(t, "ready")
	g := aim(t, a.Process.Pid)
	inside := &box{name: "kept", group: group}
	t.Cleanup(func() { _ = os.Remove(g.spare()) })
	for way := range tamperWays() {
		t.Run(way, func(t *testing.T) {
			g.furnish(t)
			if got := inside.run(t, "helper: tamper "+g.String()+" "+way); got.exit == 0 || !strings.Contains(got.output, "not permitted") && !strings.Contains(got.output, "permission denied") {
				t.Errorf("exit status %d: %s", got.exit, got.output)
			}
			g.furnish(t)
			if got := finished(t, program("helper: tamper "+g.String()+" "+way)); (got.exit == 0) != (way != readySignal) {
				t.Errorf("from outside it must succeed, or nothing is shown: %s", got.output)
			}
		})
	}
	for use := range otherUse() {
		t.Run(use, func(t *testing.T) {
			if got := inside.run(t, "helper: tamper "+g.String()+" "+use); got.exit != 0 {
				t.Errorf("it must go on working: %s", got.output)
			}
		})
	}
}

// aim finds what is to be got at.
func aim(t *testing.T, agent int) target {
	t.Helper()
	complete, _, err := setsIn(keptHere.Pins)
	if err != nil || len(complete) != 1 {
		t.Fatalf("%v, %v", complete, err)
	}
	g := target{set: complete[0].dir, agent: agent, elsewhere: "/sys/fs/bpf/elsewhere", folder: "/var/tmp/rules"}
	if err := os.MkdirAll(g.elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(g.elsewhere) })
	for name, to := range map[string]*ebpf.MapID{"containers": &g.object, "slabs": &g.slab} {
		m, err := complete[0].mapNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if name == "slabs" {
			var first *ebpf.Map
			if err := m.Lookup(uint32(0), &first); err != nil {
				t.Fatal(err)
			}
			defer first.Close()
			m = first
		}
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		*to, _ = info.ID()
	}
	l, err := link.LoadPinnedLink(filepath.Join(g.set, "links", "000"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := l.Info()
	if err != nil {
		t.Fatal(err)
	}
	g.link, g.program = info.ID, info.Program
	return g
}

// furnish makes the pin that ways use up.
func (g target) furnish(t *testing.T) {
	t.Helper()
	_ = unix.Kill(g.agent, unix.SIGCONT)
	_ = os.Remove(g.spare())
	for _, left := range []string{"/x", "/y", "/z"} {
		_ = os.Remove(g.elsewhere + left)
	}
	l, err := link.NewFromID(g.link) // one that was opened by its pin would be moved
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Pin(g.spare()); err != nil {
		t.Fatal(err)
	}
}
