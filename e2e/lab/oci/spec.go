package oci

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Spec is the container's config.json.
func (c Config) Spec() *specs.Spec {
	s := &specs.Spec{
		Version:     "1.0.2",
		Hostname:    c.Hostname,
		Root:        &specs.Root{Path: "rootfs", Readonly: c.ReadOnly},
		Mounts:      append(usualMounts(), c.Mounts...),
		Annotations: c.Annotations,
		Process: &specs.Process{
			Terminal: c.Terminal, Args: c.Process.Args, Env: c.Process.Env, Cwd: c.Process.Dir,
			User:            specs.User{UID: c.Process.UID, GID: c.Process.GID},
			Capabilities:    c.capabilities(),
			NoNewPrivileges: c.NoNewPrivileges, ApparmorProfile: c.AppArmorProfile, SelinuxLabel: c.SELinuxLabel,
			Rlimits: []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Hard: 4096, Soft: 1024}},
		},
		Linux: &specs.Linux{
			CgroupsPath: c.Cgroup,
			Namespaces:  c.namespaces(),
			Resources:   &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: c.Privileged, Access: "rwm"}}},
		},
	}
	if !c.Privileged {
		s.Linux.MaskedPaths = []string{
			"/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
			"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
		}
		s.Linux.ReadonlyPaths = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
	}
	if slices.Contains(c.Share, specs.UTSNamespace) {
		s.Hostname = "" // it would rename the guest
	}
	if c.Edit != nil {
		c.Edit(s)
	}
	return s
}

func (c Config) namespaces() []specs.LinuxNamespace {
	var namespaces []specs.LinuxNamespace
	for _, kind := range []specs.LinuxNamespaceType{
		specs.PIDNamespace, specs.NetworkNamespace, specs.IPCNamespace, specs.UTSNamespace, specs.MountNamespace, specs.CgroupNamespace,
	} {
		if !slices.Contains(c.Share, kind) {
			namespaces = append(namespaces, specs.LinuxNamespace{Type: kind})
		}
	}
	return namespaces
}

func (c Config) capabilities() *specs.LinuxCapabilities {
	list := c.Capabilities
	switch {
	case c.Privileged:
		list = allCapabilities()
	case list == nil:
		list = usualCapabilities()
	}
	return &specs.LinuxCapabilities{Bounding: list, Effective: list, Permitted: list}
}

// usualCapabilities are what engines grant unless told otherwise.
func usualCapabilities() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
		"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
	}
}

func allCapabilities() []string {
	return append(usualCapabilities(),
		"CAP_DAC_READ_SEARCH", "CAP_LINUX_IMMUTABLE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
		"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
		"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_LEASE", "CAP_AUDIT_CONTROL", "CAP_MAC_OVERRIDE",
		"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
		"CAP_CHECKPOINT_RESTORE")
}

// usualMounts are what engines mount in every container.
func usualMounts() []specs.Mount {
	quiet := []string{"nosuid", "noexec", "nodev"}
	return []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: quiet},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: append([]string{"mode=1777", "size=65536k"}, quiet...)},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: quiet},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: append([]string{"ro"}, quiet...)},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: append([]string{"ro", "relatime"}, quiet...)},
	}
}
