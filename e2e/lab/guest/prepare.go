package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/tree"
	"kubearmor.io/e2e/lab/wire"
)

// prepare sets the guest up as the host says. Notes are about what a kernel
// lacks and a test may do without.
func prepare(setup wire.Setup) (notes []string, err error) {
	disks, err := findDisks(setup.Disks)
	if err != nil {
		return nil, err
	}
	for _, d := range setup.Disks {
		if d.Mount == "/" {
			if err := enterRoot(disks[d.Serial]); err != nil {
				return nil, err
			}
		}
	}
	if err := mountAll("/", systemMounts()); err != nil {
		return nil, err
	}
	for link, target := range deviceLinks() {
		if err := os.Symlink(target, link); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("link %s: %w", link, err)
		}
	}
	for _, d := range setup.Disks {
		if err := useDisk(disks[d.Serial], d); err != nil {
			return nil, err
		}
	}
	if err := unix.Sethostname([]byte(setup.Hostname)); err != nil {
		return nil, fmt.Errorf("set host name %s: %w", setup.Hostname, err)
	}
	if err := enableControllers(); err != nil {
		notes = append(notes, err.Error())
	}
	return notes, configureNetwork(setup)
}

func enterRoot(device string) error {
	if err := unix.Mount(device, "/root", "ext4", 0, ""); err != nil {
		return fmt.Errorf("mount the root disk: %w", err)
	}
	return switchRoot("/root")
}

func useDisk(device string, d wire.Disk) error {
	switch {
	case d.Unpack != "":
		f, err := os.Open(device)
		if err != nil {
			return fmt.Errorf("open disk %s: %w", d.Serial, err)
		}
		defer f.Close()
		if err := tree.Unpack(d.Unpack, f, nil); err != nil {
			return fmt.Errorf("disk %s: %w", d.Serial, err)
		}
	case d.Mount != "" && d.Mount != "/":
		if err := os.MkdirAll(d.Mount, 0o755); err != nil {
			return fmt.Errorf("mount disk %s: %w", d.Serial, err)
		}
		if err := unix.Mount(device, d.Mount, "ext4", 0, ""); err != nil {
			return fmt.Errorf("mount disk %s at %s: %w", d.Serial, d.Mount, err)
		}
	}
	return nil
}

// enableControllers hands every cgroup controller down, for container runtimes.
func enableControllers() error {
	available, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		return fmt.Errorf("read cgroup controllers: %w", err)
	}
	var failed []error
	for _, controller := range strings.Fields(string(available)) {
		if err := os.WriteFile("/sys/fs/cgroup/cgroup.subtree_control", []byte("+"+controller), 0); err != nil {
			failed = append(failed, fmt.Errorf("enable cgroup controller %s: %w", controller, err))
		}
	}
	return errors.Join(failed...)
}

func configureNetwork(setup wire.Setup) error {
	commands := [][]string{{"link", "set", "lo", "up"}}
	if setup.Address != "" {
		commands = append(commands, []string{"link", "set", "eth0", "up"}, []string{"addr", "add", setup.Address, "dev", "eth0"})
	}
	if setup.Gateway != "" {
		commands = append(commands, []string{"route", "add", "default", "via", setup.Gateway})
	}
	for _, args := range commands {
		if out, err := exec.Command("/sbin/ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
