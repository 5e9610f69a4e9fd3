package image

import (
	"context"
	"path/filepath"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/debian"
)

// guestRecipe is what guests themselves run on: tools for tests, the user space
// of the security modules, a container runtime.
func guestRecipe() recipe {
	return recipe{
		name: "guest", version: 1, suite: debian.Bookworm, spare: 1024,
		packages: []string{
			"base-files", "busybox-static", "bash", "dash", "coreutils", "findutils", "grep", "sed", "gawk", "tar", "gzip", "diffutils",
			"kmod", "iproute2", "procps", "util-linux", "bsdutils", "mount", "login", "libc-bin", "hostname", "jq", "curl", "ca-certificates", "strace",
			"attr", "acl", "libcap2-bin", "netcat-openbsd", "psmisc", "btrfs-progs",
			"apparmor", "selinux-utils", "policycoreutils", "secilc",
			"runc", "crun", "containerd", "libseccomp2", "iptables", "nftables",
		},
		steps: []step{
			accounts("daemon:1:/usr/sbin:/usr/sbin/nologin", "user:1000:/home/user:/bin/bash", "other:1001:/home/other:/bin/bash"),
			writeFiles(0o644, map[string]string{
				// Fixed, so that equal runs are equal.
				"etc/machine-id": "6b75626561726d6f722d6c6162000001\n",
				"etc/hostname":   "guest\n",
			}),
			link(map[string]string{"usr/bin/awk": "gawk", "usr/bin/nc": "nc.openbsd"}),
			fillWithBusybox,
			cacheLibraries,
		},
	}
}

// GuestDisk is the guests' root file system as an ext4 disk.
func GuestDisk(ctx context.Context, c *cache.Cache) (string, error) {
	dir, err := guestRecipe().build(ctx, c, false)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "disk.ext4"), nil
}
