package policy

// Baseline returns the runtime baseline as reviewed data, unresolved.
//
// Its measure is what AppArmor's abstractions base, nameservice, openssl, ssl_certs and
// consoles let a confined program read. Left out of those on purpose: caches and databases
// of users below /var (nscd, sss, extrausers, *.db, which may hold password hashes), keytabs
// and LDAP secrets, and the certificates of one server that lie beside its private key
// (letsencrypt, acme, dehydrated). A program that needs one of them is allowed it by a rule.
func Baseline() []BaselineRule {
	var all []BaselineRule
	for _, part := range [][]BaselineRule{
		baselineLoader(), baselineLocale(), baselineNames(), baselineTLS(), baselineKernel(), baselineDevices(),
	} {
		all = append(all, part...)
	}
	return all
}

func baselineLoader() []BaselineRule {
	return []BaselineRule{
		readDir("/lib", "the loader and the libraries it maps; installed software, the same for every user of the image"),
		readDir("/lib32", "libraries of 32-bit programs, as /lib"),
		readDir("/lib64", "the loader named in 64-bit programs, as /lib"),
		readDir("/libx32", "libraries of x32 programs, as /lib"),
		readDir("/usr/lib", "libraries, and the modules and data that programs install beside them"),
		readDir("/usr/lib32", "libraries of 32-bit programs, as /usr/lib"),
		readDir("/usr/lib64", "libraries on systems with a lib64, as /usr/lib"),
		readDir("/usr/libx32", "libraries of x32 programs, as /usr/lib"),
		readDir("/usr/local/lib", "libraries and modules of software installed beside the distribution's, such as Node's and Python's"),
		readPath("/etc/ld.so.cache", "the loader looks libraries up in it; a list of their paths"),
		readPath("/etc/ld.so.preload", "the loader asks for it at every start; paths of libraries"),
		readPath("/etc/ld.so.conf", "where libraries lie; paths alone"),
		readDir("/etc/ld.so.conf.d", "where libraries lie; paths alone"),
		readGlob("/etc/ld-musl-*.path", "where musl's loader finds libraries; paths alone"),
		readGlob("/opt/*-linux-uclibc/lib/ld-uClibc*so*", "the loader of uClibc programs"),
	}
}

func baselineLocale() []BaselineRule {
	return []BaselineRule{
		readDir("/etc/locale", "locale settings; public facts of the system"),
		readPath("/etc/locale.alias", "names of locales"),
		readPath("/etc/localtime", "the time zone; a public fact"),
		readDir("/usr/share/zoneinfo", "time zones of the world; public data"),
		readDir("/usr/share/locale", "translated messages; installed with programs"),
		readDir("/usr/share/locale-bundle", "translated messages; installed with programs"),
		readDir("/usr/share/locale-langpack", "translated messages; installed with programs"),
		readGlob("/usr/share/**/locale/**", "translated messages that programs keep in a folder of their own"),
		readDir("/usr/share/common-licenses", "texts of licences; public"),
	}
}

func baselineNames() []BaselineRule {
	return []BaselineRule{
		readPath("/etc/nsswitch.conf", "how names are looked up"),
		readPath("/etc/host.conf", "how names are looked up"),
		readPath("/etc/hosts", "names of hosts; Kubernetes writes it"),
		readPath("/etc/resolv.conf", "addresses of name servers; Kubernetes writes it"),
		readGlob("/run/{resolvconf,NetworkManager,systemd/resolve,connman,netconfig}/resolv.conf", "where /etc/resolv.conf may lead"),
		readPath("/run/systemd/resolve/stub-resolv.conf", "where /etc/resolv.conf may lead"),
		readPath("/etc/resolvconf/run/resolv.conf", "where /etc/resolv.conf may lead"),
		readPath("/etc/gai.conf", "the order in which addresses are tried"),
		readPath("/etc/services", "names of ports; public data"),
		readPath("/etc/protocols", "names of protocols; public data"),
		readPath("/etc/netconfig", "names of transports; public data"),
		readPath("/etc/bindresvport.blacklist", "ports not to be used"),
		readPath("/etc/default/nss", "how names are looked up"),
		readPath("/etc/passwd", "names of users, world-readable; password hashes are in /etc/shadow, which is not granted"),
		readPath("/etc/group", "names of groups, world-readable; passwords are in /etc/gshadow, which is not granted"),
	}
}

func baselineTLS() []BaselineRule {
	return []BaselineRule{
		readPath("/etc/ssl", "listing it, to find certs; /etc/ssl/private is not granted"),
		readPath("/etc/ssl/openssl.cnf", "OpenSSL reads it when it starts; settings alone"),
		readPath("/usr/share/ssl/openssl.cnf", "where older systems keep openssl.cnf"),
		readPath("/etc/pki/tls/openssl.cnf", "where Fedora and its kin keep openssl.cnf"),
		readGlob("/etc/ssl/{engdef,engines}.d{,/*.cnf}", "settings of OpenSSL's engines"),
		readGlob("/etc/{,libre}ssl/cert.pem", "the public certificates that are trusted"),
		readDir("/etc/ssl/certs", "the public certificates that are trusted"),
		readDir("/etc/libressl/certs", "the public certificates that are trusted"),
		readDir("/etc/ca-certificates", "the public certificates that are trusted"),
		readDir("/usr/share/ca-certificates", "the public certificates that are trusted"),
		readDir("/usr/local/share/ca-certificates", "public certificates that the administrator trusts"),
		readDir("/var/lib/ca-certificates", "the public certificates that are trusted, as SUSE compiles them; nothing else below /var/lib is granted"),
		readPath("/usr/share/ssl/certs/ca-bundle.crt", "the public certificates that are trusted"),
		readPath("/etc/pki/tls/cert.pem", "the public certificates that are trusted, on Fedora and its kin"),
		readGlob("/etc/pki/tls/certs/ca-bundle*.crt", "the public certificates that are trusted, on Fedora and its kin"),
		readDir("/etc/pki/ca-trust/extracted", "the public certificates that are trusted, on Fedora and its kin"),
		readGlob("/{etc,usr/share}/pki/trust{,/**}", "the public certificates that are trusted or distrusted"),
		readGlob("/{etc,usr/share}/pki/bl[ao]cklist{,/*}", "public certificates that are distrusted"),
		readGlob("/{etc,usr/share}/crypto-policies/*/*.txt", "algorithms that TLS libraries may use"),
		readGlob("/etc/gcrypt/{hwf.deny,random.conf}", "settings of libgcrypt"),
	}
}

func baselineKernel() []BaselineRule {
	return []BaselineRule{
		readDir("/proc/self", "what a program asks about itself: its maps, limits, mounts, and its own environment; no other process"),
		readPath("/proc/meminfo", "how much memory there is"),
		readPath("/proc/stat", "how many processors there are"),
		readPath("/proc/cpuinfo", "what processors there are"),
		readPath("/proc/filesystems", "which file systems the kernel knows"),
		readPath("/proc/sys/kernel/version", "the version of the kernel"),
		readPath("/proc/sys/kernel/ngroups_max", "a limit of the kernel"),
		readPath("/proc/sys/kernel/cap_last_cap", "a limit of the kernel"),
		readPath("/proc/sys/vm/overcommit_memory", "allocators ask how memory is granted"),
		readGlob("/proc/sys/crypto/*", "whether cryptography has to be FIPS'"),
		readGlob("/sys/devices/system/cpu{,/online,/possible}", "how many processors there are"),
		readPath("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "the size of a huge page, which allocators and Go's runtime ask for"),
		readDir("/sys/fs/cgroup", "the limits of memory and processors that runtimes adapt to; reading changes nothing"),
	}
}

func baselineDevices() []BaselineRule {
	return []BaselineRule{
		writePath("/dev/null", "swallows what is written"),
		writePath("/dev/zero", "gives zeroes, swallows what is written"),
		writePath("/dev/full", "gives zeroes, refuses what is written"),
		writePath("/dev/random", "random bytes; what is written only stirs them"),
		writePath("/dev/urandom", "random bytes; what is written only stirs them"),
		writePath("/dev/tty", "the caller's own terminal"),
		writePath("/dev/console", "the container's own console"),
		writePath("/dev/ptmx", "makes a new terminal for the caller"),
		readPath("/dev/pts", "listing the container's own terminals"),
		writeGlob("/dev/pts/*", "the container's own terminals"),
		writeGlob("/dev/shm/*", "memory that processes of the container share; it is gone with the container"),
	}
}

func readPath(path, reason string) BaselineRule {
	return BaselineRule{Match: Matcher{Kind: MatchPath, Path: path}, Reason: reason}
}

// readDir grants the directory and everything below it.
func readDir(dir, reason string) BaselineRule {
	return BaselineRule{Match: Matcher{Kind: MatchDir, Path: dir, Recursive: true}, Reason: reason}
}

func readGlob(glob, reason string) BaselineRule {
	return BaselineRule{Match: Matcher{Kind: MatchGlob, Path: glob}, Reason: reason}
}

func writePath(path, reason string) BaselineRule {
	r := readPath(path, reason)
	r.Write = true
	return r
}

func writeGlob(glob, reason string) BaselineRule {
	r := readGlob(glob, reason)
	r.Write = true
	return r
}
