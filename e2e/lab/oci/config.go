package oci

import (
	"errors"
	"path"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"kubearmor.io/e2e/lab/image"
)

// Config describes a container. Zero values mean what an engine would do with
// the image.
type Config struct {
	ID      string
	Image   string        // the image's folder in the guest: /images/NAME
	Bundle  string        // the folder to make; default: /var/lib/lab/containers/ID
	Process image.Process // fields that are set replace the image's
	Runtime string        // runc or crun; default: runc

	Cgroup       string                     // below /sys/fs/cgroup; default: /lab/ID
	Terminal     bool                       // the process gets a controlling terminal
	Capabilities []string                   // nil: the usual ones of engines; empty: none
	Privileged   bool                       // all capabilities, nothing masked
	ReadOnly     bool                       // the root file system
	Mounts       []specs.Mount              // beyond the usual ones
	Share        []specs.LinuxNamespaceType // namespaces of the guest to stay in
	Hostname     string                     // default: ID
	Annotations  map[string]string

	NoNewPrivileges bool
	AppArmorProfile string
	SELinuxLabel    string
	Edit            func(*specs.Spec) // the last word
}

// withImage fills in what the image says.
func (c Config) withImage(process image.Process) (Config, error) {
	if c.ID == "" || strings.ContainsAny(c.ID, "/ ") {
		return c, errors.New("make a container: its ID must be a name without slash or space")
	}
	if c.Bundle == "" {
		c.Bundle = path.Join("/var/lib/lab/containers", c.ID)
	}
	if c.Runtime == "" {
		c.Runtime = "runc"
	}
	if c.Cgroup == "" {
		c.Cgroup = path.Join("/lab", c.ID)
	}
	if c.Hostname == "" {
		c.Hostname = c.ID
	}
	if c.Process.Args == nil {
		c.Process.Args = process.Args
	}
	c.Process.Env = append(append([]string{}, process.Env...), c.Process.Env...)
	if c.Process.Dir == "" {
		c.Process.Dir = process.Dir
	}
	if c.Process.UID == 0 && c.Process.GID == 0 {
		c.Process.UID, c.Process.GID = process.UID, process.GID
	}
	return c, nil
}
