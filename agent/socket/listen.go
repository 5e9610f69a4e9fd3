package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// NoGroup lets nobody but root connect.
const NoGroup = -1

// Options say where a socket is and for whom.
type Options struct {
	Path        string
	Group       int // that may connect beside root, as its processes' own group; or NoGroup
	Connections int // at once
}

// Listen makes the socket. A socket that an ended agent has left there is replaced.
//
// A folder that is missing is made, readable for the group alone; so is one that was root's
// alone made readable. Any other is left as it is, as long as nobody else can write to it.
func Listen(o Options) (*Listener, error) {
	l, err := listen(o)
	if err != nil {
		return nil, fmt.Errorf("serve on the socket %s: %w", o.Path, err)
	}
	return l, nil
}

func listen(o Options) (*Listener, error) {
	if err := openFolder(filepath.Dir(o.Path), o.Group); err != nil {
		return nil, err
	}
	if err := clear(o.Path); err != nil {
		return nil, err
	}
	inner, err := net.ListenUnix("unix", &net.UnixAddr{Name: o.Path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if o.Group != NoGroup {
		err = os.Chown(o.Path, -1, o.Group)
	}
	if err == nil {
		err = os.Chmod(o.Path, 0o660)
	}
	if err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return newListener(inner, o), nil
}

func openFolder(dir string, group int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	if mode&0o022 != 0 {
		return fmt.Errorf("others can write to its folder (mode %04o), and put a socket of their own there: name a folder of root's", mode)
	}
	if group == NoGroup || mode&0o007 != 0 {
		return nil
	}
	if err := os.Chown(dir, -1, group); err != nil {
		return err
	}
	return os.Chmod(dir, 0o750)
}

// clear removes a socket that nobody serves.
func clear(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("there is a file of that name that is no socket: remove it, or name another path")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		return errors.Join(errors.New("another process serves it: end that first, or name another path"), conn.Close())
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}
