//go:build guest

package policies

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/oci"
)

const tokens = "/var/run/secrets/kubernetes.io/serviceaccount"

// tokenVolume is what kubelet mounts into pods: a tmpfs whose files are links into a
// folder that is exchanged as a whole.
func tokenVolume(t *testing.T) specs.Mount {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	data := filepath.Join(dir, "..2024_07_01_12_00_00.1")
	err := errors.Join(
		os.Chmod(dir, 0o755),
		os.Mkdir(data, 0o755),
		os.WriteFile(filepath.Join(data, "token"), []byte("a secret\n"), 0o644),
		os.Symlink(filepath.Base(data), filepath.Join(dir, "..data")),
		os.Symlink("..data/token", filepath.Join(dir, "token")),
	)
	if err != nil {
		t.Fatal(err)
	}
	return specs.Mount{Destination: tokens, Type: "bind", Source: dir, Options: []string{"rbind", "rprivate", "ro"}}
}

func tokenReader(t *testing.T) workload {
	w := idle("debian", "app=anything")
	w.config = oci.Config{Mounts: []specs.Mount{tokenVolume(t)}}
	return w
}

// tokensAreHeld tries both names of the folder, the token by link and by its own name,
// and the folder itself.
func tokensAreHeld(p *pod) {
	p.t.Helper()
	file := "/run/secrets/kubernetes.io/serviceaccount/..2024_07_01_12_00_00.1/token"
	for _, name := range []string{tokens + "/token", "/run/secrets/kubernetes.io/serviceaccount/token", "/var" + file, file, "/proc/self/root" + file} {
		if r := p.exec("cat", name); r.Code == 0 {
			p.t.Errorf("cat %s must fail: %s", name, r)
		}
	}
	p.reports("protect-service-account-tokens: File " + file)
	if r := p.exec("ls", tokens); r.Code == 0 {
		p.t.Errorf("ls %s must fail: %s", tokens, r)
	}
	p.reports("protect-service-account-tokens: File /run/secrets/kubernetes.io/serviceaccount")
	p.runs("cat", "/etc/passwd")
	p.runs("sh", "-c", "echo x > /run/x && cat /run/x /etc/shadow")
	p.reports()
}

func TestProtectServiceAccountTokensOnRunningProgram(t *testing.T) {
	before := func(p *pod) {
		p.runs("cat", tokens+"/token")
		p.runs("ls", tokens)
	}
	tokensAreHeld(running(t, tokenReader(t), alive, before, "protect-service-account-tokens"))
}

func TestProtectServiceAccountTokensFromCreation(t *testing.T) {
	p := created(t, tokenReader(t), "protect-service-account-tokens")
	p.reports()
	tokensAreHeld(p)
}
