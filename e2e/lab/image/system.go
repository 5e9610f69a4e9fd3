package image

import "kubearmor.io/e2e/lab/debian"

// debianSystem is a small Debian with two interpreters, for tests that need
// programs of all kinds.
func debianSystem() recipe {
	return recipe{
		name: "debian", version: 1, suite: debian.Bookworm, spare: 64,
		packages: []string{
			"base-files", "bash", "dash", "coreutils", "findutils", "grep", "sed", "mawk", "tar", "gzip", "diffutils", "hostname", "libc-bin",
			"procps", "util-linux", "mount", "login", "passwd", "apt", "perl-base", "python3", "netcat-openbsd", "attr", "acl", "libcap2-bin", "iproute2",
		},
		steps: []step{
			accounts("daemon:1:/usr/sbin:/usr/sbin/nologin", "user:1000:/home/user:/bin/bash"),
			link(map[string]string{"usr/bin/awk": "mawk", "usr/bin/nc": "nc.openbsd"}),
			ownFolders(1000, "home/user"),
			cacheLibraries,
			runInside("python3", "-c", "import ctypes, socket"),
			runInside("perl", "-e", "1"),
		},
		process: Process{Args: []string{"bash"}, Env: []string{defaultPath}, Dir: "/"},
	}
}
