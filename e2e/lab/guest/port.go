package guest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// openPort opens the virtio-serial port of this name. The file is blocking on
// purpose: a read before the host has connected would report the end of file,
// but a blocking write waits for it, and the guest speaks first.
func openPort(name string) (*os.File, error) {
	var device string
	err := await(10*time.Second, func() (bool, error) {
		files, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return false, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil && string(bytes.TrimSpace(text)) == name {
				device = "/dev/" + filepath.Base(filepath.Dir(file))
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return nil, fmt.Errorf("find port %s: %w", name, err)
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device, err)
	}
	return os.NewFile(uintptr(fd), device), nil
}
