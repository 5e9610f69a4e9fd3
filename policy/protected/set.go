package protected

// Entry is one role on a host: the programs that may play it, and what they read to start.
type Entry struct {
	Role string
	// Programs are full paths; executing one is never denied, by whomever.
	Programs []string
	// Files are what these programs read to start: a path, or, with a slash at the end, a
	// directory with all below it. Reading them by one of Programs is never denied; other
	// programs are judged as always.
	Files  []string
	Reason string
}

// Set returns the protected set.
func Set() []Entry {
	return []Entry{initSystem(), runtimes(), shims(), kubelet(), agent(), sshd()}
}

func initSystem() Entry {
	return Entry{
		Role: "PID 1",
		Programs: []string{
			"/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-executor",
			"/sbin/openrc-init",
		},
		Files: []string{
			"/etc/systemd/", "/run/systemd/", "/lib/systemd/", "/usr/lib/systemd/", "/usr/local/lib/systemd/",
			"/etc/fstab", "/etc/inittab", "/etc/machine-id", "/etc/os-release", "/usr/lib/os-release",
		},
		Reason: "if PID 1 can't start a service, nothing on the host can be started or mended",
	}
}

func runtimes() Entry {
	return Entry{
		Role: "container runtime",
		Programs: []string{
			"/usr/bin/containerd", "/usr/local/bin/containerd", "/usr/bin/crio", "/usr/local/bin/crio", "/usr/bin/dockerd", "/usr/local/bin/dockerd",
			"/usr/bin/cri-dockerd", "/usr/local/bin/cri-dockerd", "/usr/local/bin/k3s", "/usr/bin/k3s", "/usr/local/bin/rke2", "/opt/rke2/bin/rke2",
		},
		Files: []string{
			"/etc/containerd/", "/etc/crio/", "/etc/containers/", "/usr/share/containers/", "/etc/docker/", "/etc/cni/net.d/",
			"/etc/rancher/", "/run/containerd/", "/run/crio/", "/etc/crictl.yaml",
		},
		Reason: "without it no container starts, that of the agent included",
	}
}

func shims() Entry {
	return Entry{
		Role: "container shim and low-level runtime",
		Programs: []string{
			"/usr/bin/containerd-shim-runc-v2", "/usr/local/bin/containerd-shim-runc-v2", "/usr/bin/conmon", "/usr/libexec/crio/conmon",
			"/usr/libexec/podman/conmon", "/usr/bin/conmonrs", "/usr/bin/runc", "/usr/sbin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc",
			"/usr/libexec/crio/runc", "/usr/bin/crun", "/usr/local/bin/crun", "/usr/libexec/crio/crun",
		},
		Files:  []string{"/run/containerd/", "/run/runc/", "/run/crun/", "/run/crio/", "/var/lib/containerd/", "/var/lib/containers/"},
		Reason: "they set containers up and hold their standard streams; denying them kills what runs",
	}
}

func kubelet() Entry {
	return Entry{
		Role:     "kubelet",
		Programs: []string{"/usr/bin/kubelet", "/usr/local/bin/kubelet", "/opt/bin/kubelet", "/var/lib/rancher/rke2/bin/kubelet"},
		Files: []string{
			"/etc/kubernetes/", "/var/lib/kubelet/", "/etc/default/kubelet", "/etc/sysconfig/kubelet", "/run/systemd/resolve/resolv.conf",
		},
		Reason: "without it the node leaves the cluster, and no policy reaches it any more",
	}
}

func agent() Entry {
	return Entry{
		Role:     "KubeArmor's agent",
		Programs: []string{"/usr/bin/kubearmor-agent", "/usr/local/bin/kubearmor-agent"},
		Files:    []string{"/etc/kubearmor/", "/run/kubearmor/", "/sys/kernel/btf/vmlinux", "/sys/kernel/security/lsm"},
		Reason:   "it has to be able to start to take a policy back",
	}
}

func sshd() Entry {
	return Entry{
		Role: "sshd",
		Programs: []string{
			"/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth", "/usr/libexec/openssh/sshd-session",
			"/usr/libexec/openssh/sshd-auth", "/usr/lib/ssh/sshd-session", "/usr/lib/ssh/sshd-auth", "/usr/sbin/dropbear",
		},
		Files: []string{
			"/etc/ssh/", "/usr/share/openssh/", "/etc/dropbear/", "/etc/pam.d/", "/etc/security/", "/etc/shadow", "/etc/passwd", "/etc/group", "/etc/login.defs",
		},
		Reason: "it is the way in for whoever has to mend the host",
	}
}
