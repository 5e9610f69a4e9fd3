package image

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Process is the program of a container as its image configures it.
type Process struct {
	Args []string `json:"args"`
	Env  []string `json:"env"`
	Dir  string   `json:"dir"`
	UID  uint32   `json:"uid"`
	GID  uint32   `json:"gid"`
}

// processFile lies beside rootfs on an image's disk.
const processFile = "process.json"

func (p Process) save(folder string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, processFile), text, 0o644)
}

// LoadProcess reads the process of an image in a guest, from /images/NAME.
func LoadProcess(folder string) (Process, error) {
	var p Process
	text, err := os.ReadFile(filepath.Join(folder, processFile))
	if err != nil {
		return p, fmt.Errorf("read an image's process: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read an image's process: %w", err)
	}
	return p, nil
}

// defaultPath is the search path that images set.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
