//go:build guest

package attacks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// kernelWays have the kernel open the file by other means than a name.
func kernelWays() []way {
	return []way{
		{name: "by io_uring", try: readByRing(0, 0)},
		{name: "by a worker of io_uring", try: readByRing(0, ringAsync)},
		{name: "by a polling thread of io_uring", try: readByRing(ringPolled, 0)},
		{name: "by its handle, while it is known", try: func() error { return readByHandle(false) }},
		{name: "by its handle, when it was forgotten", try: func() error { return readByHandle(true) }},
		{name: "as the file of an event of fanotify", try: readByFanotify},
		{name: "as a terminal's or ring's worker of another task", try: readAsOtherUser},
	}
}

// volumeSecret lies on a file system with handles.
const volumeSecret = "/volume/secret/file"

func readByHandle(forget bool) error {
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, volumeSecret, 0)
	if err != nil {
		return fmt.Errorf("take a handle: %w", err)
	}
	if forget {
		if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0); err != nil {
			return err
		}
	}
	mount, err := unix.Open("/volume", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return readFD(unix.OpenByHandleAt(mount, h, unix.O_RDONLY))
}

// readByFanotify lets a helper open a folder beside; the event's descriptor is opened by
// the kernel for who reads it.
func readByFanotify() error {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF, unix.O_RDONLY)
	if err != nil {
		return err
	}
	// O_PATH and readlink cause no event; a change of attributes of the file does.
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_CLOSE_NOWRITE|unix.FAN_OPEN, unix.AT_FDCWD, secret); err != nil {
		return err
	}
	if err := os.WriteFile("/work/open-secret", nil, 0o644); err != nil {
		return err
	}
	text := make([]byte, 4096)
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 5000); n == 0 || err != nil {
		return errors.Join(errors.New("nobody outside opened the file"), err)
	}
	n, err := unix.Read(fd, text)
	if err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	var event unix.FanotifyEventMetadata
	if err := binary.Read(bytes.NewReader(text[:n]), binary.LittleEndian, &event); err != nil {
		return err
	}
	if event.Fd < 0 {
		return errors.New("the event has no descriptor")
	}
	return readFD(int(event.Fd), nil)
}

// readAsOtherUser drops the thread's rights first: labels are not credentials.
func readAsOtherUser() error {
	if err := unix.Setgid(65534); err != nil {
		return err
	}
	if err := unix.Setuid(65534); err != nil {
		return err
	}
	return read(secret)
}
