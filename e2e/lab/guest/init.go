package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/wire"
)

// Main is the life of process 1. It never returns: when the host hangs up, the
// machine is switched off.
func Main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab init:", err)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

func run() error {
	if err := mountAll("/", kernelMounts()); err != nil {
		return err
	}
	if err := loadModules(); err != nil {
		return err
	}
	port, err := openPort(wire.PortName)
	if err != nil {
		return err
	}
	conn := wire.NewConn(port)
	release := kernelRelease()
	if err := conn.WriteJSON(wire.Hello, 0, wire.Greeting{Release: release}); err != nil {
		return err
	}
	setup, err := receiveSetup(conn)
	if err != nil {
		return err
	}
	notes, err := prepare(setup)
	if err != nil {
		_ = conn.Write(wire.Frame{Kind: wire.Failed, Payload: []byte(err.Error())})
		return err
	}
	report := wire.Report{Release: release, LSM: activeLSM(), Uptime: uptime(), Notes: notes}
	if err := conn.WriteJSON(wire.Ready, 0, report); err != nil {
		return err
	}
	return newSession(conn).serve()
}

func receiveSetup(conn *wire.Conn) (wire.Setup, error) {
	var setup wire.Setup
	f, err := conn.Read()
	if err != nil {
		return setup, fmt.Errorf("wait for the host's set-up: %w", err)
	}
	if f.Kind != wire.Prepare {
		return setup, fmt.Errorf("wait for the host's set-up: got frame %q", f.Kind)
	}
	return setup, f.Decode(&setup)
}

// loadModules inserts the modules that came with init, in the order of their
// names. The firmware says whether there are disks that are memory.
func loadModules() error {
	folders := []string{"/modules/boot"}
	if _, err := os.Stat("/sys/firmware/acpi/tables/NFIT"); err == nil {
		folders = append(folders, "/modules/memory")
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.ko"))
		if err != nil {
			return err
		}
		sort.Strings(files)
		for _, file := range files {
			if err := loadModule(file); err != nil {
				return fmt.Errorf("load module %s: %w", filepath.Base(file), err)
			}
		}
	}
	return os.RemoveAll("/modules")
}

func loadModule(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if err == unix.EEXIST {
		return nil
	}
	return err
}
