package guest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kubearmor.io/e2e/lab/wire"
)

// findDisks waits until the kernel has found every disk, and returns their
// device files by serial.
func findDisks(wanted []wire.Disk) (map[string]string, error) {
	found := map[string]string{}
	err := await(10*time.Second, func() (bool, error) {
		maps.Copy(found, blockDisks())
		maps.Copy(found, memoryDisks())
		for _, d := range wanted {
			if found[d.Serial] == "" {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("find disks: %w, only %v is there", err, found)
	}
	return found, nil
}

// blockDisks have a serial.
func blockDisks() map[string]string {
	disks := map[string]string{}
	for _, file := range glob("/sys/block/vd*/serial") {
		if serial := readLine(file); serial != "" {
			disks[serial] = "/dev/" + filepath.Base(filepath.Dir(file))
		}
	}
	return disks
}

// memoryDisks have none, but the slot they are in: the machine's n-th disk is in
// the n-th. Which region, and so which device file, stands for a slot is the
// firmware's choice.
func memoryDisks() map[string]string {
	disks := map[string]string{}
	for _, file := range glob("/sys/bus/nd/devices/region*/mapping0") {
		module, _, _ := strings.Cut(readLine(file), ",")
		handle, err := strconv.ParseInt(readLine("/sys/bus/nd/devices/"+module+"/nfit/handle"), 0, 32)
		if err != nil {
			continue
		}
		devices := glob(filepath.Join(filepath.Dir(file), "namespace*/block/pmem*"))
		if len(devices) == 1 {
			disks[fmt.Sprintf("disk%d", handle-1)] = "/dev/" + filepath.Base(devices[0])
		}
	}
	return disks
}

// glob finds files; the patterns here are well formed.
func glob(pattern string) []string {
	files, _ := filepath.Glob(pattern)
	return files
}

// readLine is a file's text, or nothing where it can't be read (yet).
func readLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
