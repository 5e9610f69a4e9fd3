package policy_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"kubearmor.io/policy"
)

// underBaseline is a profile whose one file rule allows something nobody asks for, so that
// only the baseline can grant what the tests ask.
func underBaseline(t *testing.T, root fs.ReadLinkFS) *policy.Profile {
	t.Helper()
	allowList := &policy.Policy{Ref: policy.Ref{Name: "list"}, Rules: []policy.Rule{{
		Field: "spec.file.matchPaths[0]", Category: policy.File, Action: policy.Allow,
		Match: policy.Matcher{Kind: policy.MatchPath, Path: "/asked/by/nobody"},
	}}}
	p, err := policy.NewProfile([]*policy.Policy{allowList}, policy.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func grants(p *policy.Profile, kind policy.OpKind, path string) bool {
	op := &policy.Operation{Kind: kind, Names: policy.Name(path), Source: policy.Name("/app/server")}
	d := policy.Decide(p, op)
	return d.Verdict == policy.Allowed && d.Reason == policy.ReasonBaseline
}

func TestBaselineGrantsWhatProgramsReadAtTheirStart(t *testing.T) {
	for program, files := range map[string][]string{
		"a dynamically linked program of glibc": {
			"/etc/ld.so.cache", "/etc/ld.so.preload", "/lib64/ld-linux-x86-64.so.2",
			"/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/aarch64-linux-gnu/libc.so.6",
			"/usr/lib/locale/locale-archive", "/usr/lib/locale/C.utf8/LC_CTYPE", "/usr/share/locale/locale.alias",
			"/usr/share/locale/de/LC_MESSAGES/libc.mo", "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache",
			"/etc/localtime", "/usr/share/zoneinfo/UTC", "/proc/self/maps", "/proc/meminfo",
		},
		"a dynamically linked program of musl": {
			"/lib/ld-musl-x86_64.so.1", "/etc/ld-musl-x86_64.path", "/usr/lib/libz.so.1", "/usr/local/lib/libapp.so",
		},
		"a program that resolves names": {
			"/etc/nsswitch.conf", "/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", "/etc/hosts", "/etc/host.conf",
			"/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/passwd", "/etc/group", "/usr/lib/x86_64-linux-gnu/libnss_files.so.2",
		},
		"nginx": {
			"/usr/lib/libpcre2-8.so.0", "/lib/libssl.so.3", "/etc/ssl/openssl.cnf", "/usr/lib/nginx/modules/ngx_http_js_module.so",
			"/etc/passwd", "/etc/group", "/etc/localtime", "/dev/null", "/sys/devices/system/cpu/online",
		},
		"node": {
			"/usr/local/lib/node_modules/npm/package.json", "/etc/ssl/openssl.cnf", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
			"/proc/self/cgroup", "/proc/self/stat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max", "/dev/urandom",
		},
		"postgres": {
			"/usr/lib/postgresql/16/lib/plpgsql.so", "/usr/lib/x86_64-linux-gnu/libicudata.so.72", "/usr/share/zoneinfo/Etc/UTC",
			"/usr/share/zoneinfo", "/dev/shm/PostgreSQL.2713645938", "/etc/passwd",
		},
		"a program of Go": {
			"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "/proc/self/mountinfo", "/proc/cpuinfo", "/sys/fs/cgroup/cpu.max",
			"/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem",
		},
	} {
		t.Run(program, func(t *testing.T) {
			p := underBaseline(t, nil)
			for _, file := range files {
				if !grants(p, policy.OpRead, file) {
					t.Errorf("reading %s is not granted", file)
				}
			}
		})
	}
}

func TestBaselineGrantsNoSecret(t *testing.T) {
	p := underBaseline(t, nil)
	for _, file := range []string{
		"/", "/etc", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/passwd-", "/etc/sudoers", "/etc/sudoers.d/x",
		"/etc/security/opasswd", "/etc/krb5.keytab", "/etc/ldap.secret", "/etc/machine-id",
		"/run/secrets/kubernetes.io/serviceaccount/token", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/run/secrets/db-password",
		"/home/alice/.ssh/id_ed25519", "/home", "/root/.bash_history", "/root",
		"/proc/1/environ", "/proc/1/maps", "/proc/4711/environ", "/proc/4711/mem", "/proc/4711/task/4712/environ", "/proc", "/proc/kcore",
		"/proc/kallsyms", "/proc/keys", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/selfish",
		"/etc/ssl/private", "/etc/ssl/private/server.key", "/etc/pki/tls/private/server.key", "/etc/letsencrypt/live/x/privkey.pem",
		"/etc/ssh", "/etc/ssh/sshd_config", "/etc/ssh/ssh_host_ed25519_key", "/etc/kubernetes/admin.conf", "/etc/kubernetes/pki/ca.key",
		"/var/lib/postgresql/data/base/1", "/var/lib/kubelet/config.yaml", "/var/lib/sss/mc/passwd", "/var/lib/misc/shadow.db", "/var/lib",
		"/var/log/auth.log", "/tmp/x", "/var/tmp/x", "/app/server", "/usr/bin/env", "/usr/libexec/x", "/library/x", "/usr/local/bin/x", "/usr/share/nginx/html/index.html",
		"/sys/kernel/security/lsm", "/sys/class/dmi/id/product_serial", "/sys/fs/bpf/x", "/sys/fs/cgroups",
		"/dev", "/dev/sda", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/shm", "/dev/shm/dir/file", "/dev/pts/0/x",
	} {
		if grants(p, policy.OpRead, file) {
			t.Errorf("reading %s is granted", file)
		}
		if grants(p, policy.OpWrite, file) {
			t.Errorf("writing %s is granted", file)
		}
	}
}

func TestBaselineGrantsWritingToDevicesAndSharedMemoryAlone(t *testing.T) {
	p := underBaseline(t, nil)
	for _, file := range []string{
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
		"/dev/pts/0", "/dev/pts/ptmx", "/dev/shm/segment",
	} {
		if !grants(p, policy.OpRead, file) || !grants(p, policy.OpWrite, file) {
			t.Errorf("reading and writing %s are not both granted", file)
		}
	}
	for _, file := range []string{
		"/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x", "/usr/local/lib/node_modules/x", "/lib64/ld-linux-x86-64.so.2",
		"/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/etc/localtime",
		"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf", "/proc/self/mem", "/proc/self/oom_score_adj", "/proc/self/attr/current",
		"/proc/meminfo", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory.max", "/dev/pts", "/dev/shm",
	} {
		if grants(p, policy.OpWrite, file) {
			t.Errorf("writing %s is granted", file)
		}
	}
}

func TestBaselineHoldsInRootsWhereItsPathsAreLinks(t *testing.T) {
	link := func(target string) *fstest.MapFile {
		return &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(target)}
	}
	p := underBaseline(t, fstest.MapFS{
		"lib": link("usr/lib"), "lib64": link("usr/lib64"), "usr/lib": {Mode: fs.ModeDir}, "usr/lib64": link("lib"),
		"etc/localtime": link("../usr/share/zoneinfo/Europe/Berlin"), "usr/share/zoneinfo/Europe/Berlin": {},
		"etc/ssl/certs": link("../pki/tls/certs"), "etc/pki/tls/certs": {Mode: fs.ModeDir},
		"dev/ptmx": link("pts/ptmx"), "dev/pts/ptmx": {},
	})
	for _, file := range []string{
		"/usr/lib/libc.so.6", "/usr/lib/ld-linux-x86-64.so.2", "/usr/share/zoneinfo/Europe/Berlin",
		"/etc/pki/tls/certs/ca-bundle.crt", "/dev/pts/ptmx",
	} {
		if !grants(p, policy.OpRead, file) {
			t.Errorf("reading %s, where links of the baseline lead, is not granted", file)
		}
	}
}

func TestEveryBaselineLineHasAReasonAndAMatcherOfItsKind(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range policy.Baseline() {
		switch b.Match.Kind {
		case policy.MatchPath, policy.MatchGlob, policy.MatchDir:
		default:
			t.Errorf("%s: a matcher of kind %d has no place in the baseline", b.Match.Path, b.Match.Kind)
		}
		if b.Reason == "" {
			t.Errorf("%s: no reason", b.Match.Path)
		}
		if seen[b.Match.Path] {
			t.Errorf("%s stands twice", b.Match.Path)
		}
		seen[b.Match.Path] = true
	}
}
