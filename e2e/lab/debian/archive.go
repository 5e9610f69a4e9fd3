package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kubearmor.io/e2e/lab/cache"
)

// Archive is one suite's packages, seen through an apt state of the lab's own.
type Archive struct {
	cache *cache.Cache
	suite Suite
	dir   string
}

// OpenArchive prepares the suite's apt state. It fetches nothing.
func OpenArchive(ctx context.Context, c *cache.Cache, suite Suite) (*Archive, error) {
	mirror, err := ConfiguredMirror(ctx)
	if err != nil {
		return nil, err
	}
	a := &Archive{cache: c, suite: suite, dir: c.Path("apt", string(suite))}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("prepare apt state of %s: %w", suite, err)
		}
	}
	files := map[string]string{"sources.list": suite.sources(mirror), "status": "", "apt.conf": a.config()}
	for name, text := range files {
		if err := writeIfChanged(filepath.Join(a.dir, name), text); err != nil {
			return nil, fmt.Errorf("prepare apt state of %s: %w", suite, err)
		}
	}
	return a, nil
}

// config points every folder of apt's at the private state and drops the hooks
// that the host's configuration may have.
func (a *Archive) config() string {
	return fmt.Sprintf(`#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State "%[1]s";
Dir::State::lists "%[1]s/lists";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Cache::archives "%[1]s/cache/archives";
Dir::Cache::pkgcache "%[1]s/cache/pkgcache.bin";
Dir::Cache::srcpkgcache "%[1]s/cache/srcpkgcache.bin";
Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Default-Release "";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
`, a.dir)
}

// Update fetches the suite's index unless that was done less than maxAge ago.
func (a *Archive) Update(ctx context.Context, maxAge time.Duration) error {
	unlock, err := a.cache.Lock(ctx, "apt-"+string(a.suite))
	if err != nil {
		return err
	}
	defer unlock()
	stamp := filepath.Join(a.dir, "updated")
	if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()) < maxAge {
		return nil
	}
	a.cache.Say("fetching the package index of %s", a.suite)
	if _, err := a.run(ctx, "apt-get", "update", "-q", "--error-on=any"); err != nil {
		return fmt.Errorf("fetch the package index of %s: %w", a.suite, err)
	}
	return os.WriteFile(stamp, nil, 0o644)
}

// HasIndex says whether an index was fetched at any time.
func (a *Archive) HasIndex() bool {
	found, err := filepath.Glob(filepath.Join(a.dir, "lists", "*_Packages*"))
	return err == nil && len(found) > 0
}

// Show is the index's text about packages: the newest version of each.
func (a *Archive) Show(ctx context.Context, names ...string) (string, error) {
	out, err := a.run(ctx, "apt-cache", append([]string{"show", "--no-all-versions"}, names...)...)
	if err != nil {
		return "", fmt.Errorf("look up %s in %s: %w", strings.Join(names, ", "), a.suite, err)
	}
	return string(out), nil
}

// Download fetches these packages alone and returns their files.
func (a *Archive) Download(ctx context.Context, packages []Package) ([]string, error) {
	args := []string{"download", "-q"}
	var files []string
	for _, p := range packages {
		file := filepath.Join(a.dir, "cache/archives", p.FileName())
		files = append(files, file)
		if _, err := os.Stat(file); err != nil {
			args = append(args, p.Name+"="+p.Version)
		}
	}
	if len(args) == 2 {
		return files, nil
	}
	unlock, err := a.cache.Lock(ctx, "apt-"+string(a.suite))
	if err != nil {
		return nil, err
	}
	defer unlock()
	a.cache.Say("downloading %s", summary(args[2:]))
	if _, err := a.run(ctx, "apt-get", args...); err != nil {
		return nil, fmt.Errorf("download from %s: %w", a.suite, err)
	}
	return files, nil
}

// DownloadAll fetches the named packages and all they depend on, as for an
// empty system, and returns their files.
func (a *Archive) DownloadAll(ctx context.Context, names ...string) ([]string, error) {
	out, err := a.run(ctx, "apt-get", append([]string{"install", "-q", "-y", "--simulate"}, names...)...)
	if err != nil {
		return nil, fmt.Errorf("resolve dependencies in %s: %w", a.suite, err)
	}
	packages := parseSimulation(string(out))
	if len(packages) == 0 {
		return nil, fmt.Errorf("resolve dependencies of %s in %s: apt would install nothing", strings.Join(names, ", "), a.suite)
	}
	return a.Download(ctx, packages)
}

// DownloadExact fetches the named packages without what they depend on.
func (a *Archive) DownloadExact(ctx context.Context, names ...string) ([]string, error) {
	text, err := a.Show(ctx, names...)
	if err != nil {
		return nil, err
	}
	return a.Download(ctx, ParseIndex(text))
}

func (a *Archive) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, append([]string{"-c", filepath.Join(a.dir, "apt.conf")}, args...)...)
	cmd.Dir = filepath.Join(a.dir, "cache/archives")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %s: %w", program, args[0], err), errors.New(strings.TrimSpace(stderr.String())))
	}
	return out, nil
}

func writeIfChanged(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// summary names a package, or says how many there are.
func summary(packages []string) string {
	if len(packages) == 1 {
		return packages[0]
	}
	return fmt.Sprintf("%s and %d other packages", packages[0], len(packages)-1)
}
