package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// tool is a program the lab runs and the package it is in.
type tool struct{ program, pkg string }

func tools() []tool {
	return []tool{
		{"qemu-system-x86_64", "qemu-system-x86"},
		{"mke2fs", "e2fsprogs"},
		{"depmod", "kmod"},
		{"xz", "xz-utils"},
		{"zstd", "zstd"},
		{"dpkg-deb", "dpkg"},
		{"ldconfig", "libc-bin"},
	}
}

// find looks where administrators' programs are too.
func find(program string) bool {
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	for _, folder := range []string{"/usr/sbin/", "/sbin/"} {
		if _, err := exec.LookPath(folder + program); err == nil {
			return true
		}
	}
	return false
}

// Missing lists the packages to be installed, given a way to find programs.
func missing(has func(program string) bool) []string {
	var packages []string
	for _, t := range tools() {
		if !has(t.program) {
			packages = append(packages, t.pkg)
		}
	}
	return packages
}

// waitForOthers has apt-get wait for its lock, in seconds, where something else installs packages.
const waitForOthers = "-oDPkg::Lock::Timeout=600"

// Ensure installs the packages of the programs that are missing. It needs root
// for that; without it, it says which packages to install.
func Ensure(ctx context.Context, progress io.Writer) error {
	packages := missing(find)
	if len(packages) == 0 {
		return nil
	}
	list := strings.Join(packages, " ")
	if os.Geteuid() != 0 {
		return fmt.Errorf("the lab needs programs that aren't installed; as root, run: apt-get install --no-install-recommends %s", list)
	}
	fmt.Fprintln(progress, "lab: installing", list)
	if err := apt(ctx, progress, "update", "-q"); err != nil {
		return err
	}
	return apt(ctx, progress, append([]string{"install", "-q", "-y", "--no-install-recommends", waitForOthers}, packages...)...)
}

func apt(ctx context.Context, progress io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = progress, progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w", args[0], err)
	}
	return nil
}
