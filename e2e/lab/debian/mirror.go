package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// EnvMirror overrides the mirror that apt is configured with. The security
// archive is then expected beside it, at the same address plus "-security".
const EnvMirror = "KUBEARMOR_DEBIAN_MIRROR"

// Mirror is where packages come from.
type Mirror struct {
	Main     string // address of the archive
	Security string // address of the security archive
}

// targetFormat makes apt print what parseTargets reads.
const targetFormat = "$(REPO_URI)|$(ORIGIN)|$(LABEL)"

// ConfiguredMirror asks the host's apt which mirror it uses.
func ConfiguredMirror(ctx context.Context) (Mirror, error) {
	if uri := os.Getenv(EnvMirror); uri != "" {
		uri = strings.TrimSuffix(uri, "/")
		return Mirror{Main: uri, Security: uri + "-security"}, nil
	}
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", targetFormat, "Created-By: Packages").Output()
	if err != nil {
		return Mirror{}, fmt.Errorf("ask apt for its mirrors: %w", err)
	}
	return parseTargets(string(out))
}

// parseTargets picks Debian's own archives from apt's list of index targets;
// what other vendors publish beside them doesn't count. A mirror that was never
// updated has no origin yet; its label is empty too.
func parseTargets(text string) (Mirror, error) {
	var m Mirror
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 3 {
			continue
		}
		uri := strings.TrimSuffix(fields[0], "/")
		switch {
		case fields[2] == "Debian" && m.Main == "":
			m.Main = uri
		case fields[2] == "Debian-Security" && m.Security == "":
			m.Security = uri
		}
	}
	if m.Main == "" {
		return Mirror{}, errors.New("find a Debian mirror: apt's configuration has none whose index was fetched; run apt-get update, or set " + EnvMirror)
	}
	if m.Security == "" {
		m.Security = m.Main + "-security"
	}
	return m, nil
}
