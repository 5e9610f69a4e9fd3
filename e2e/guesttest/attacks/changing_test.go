//go:build guest

package attacks

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// changingWays write what the policy blocks altogether. Where a way gets through, it undoes
// what it did, so that the next one finds the same.
func changingWays() []way {
	const dir = "/secret/deep"
	return []way{
		{name: "opening to write", try: opens(secret, unix.O_WRONLY)},
		{name: "opening to truncate", try: opens("/secret/empty", unix.O_RDONLY|unix.O_TRUNC)},
		{name: "opening without access mode", try: opens(secret, 3), open: true},
		{name: "truncating", try: func() error { return unix.Truncate("/secret/empty", 0) }},
		{name: "creating", try: func() error { return undone(creates(dir+"/new"), dir+"/new") }},
		{name: "creating without a name, then linking", try: linksNameless},
		{name: "making a folder", try: func() error { return undone(unix.Mkdir(dir+"/new", 0o755), dir+"/new") }},
		{name: "making a FIFO", try: func() error { return undone(unix.Mknod(dir+"/new", unix.S_IFIFO|0o644, 0), dir+"/new") }},
		{name: "making a link", try: func() error { return undone(os.Symlink("x", dir+"/new"), dir+"/new") }},
		{name: "binding a socket there", try: bindsSocket},
		{name: "removing", try: func() error {
			return os.Remove("/secret/spare")
		}},
		{name: "renaming away", try: func() error { return thereAndBack(secret, "/work/away") }},
		{name: "renaming its folder away", try: func() error { return thereAndBack("/secret", "/work/away") }},
		{name: "exchanging its folder", try: exchanges},
		{name: "renaming into it", try: func() error {
			_ = os.WriteFile("/work/into", nil, 0o644)
			return undone(os.Rename("/work/into", dir+"/into"), dir+"/into")
		}},
		{name: "changing its mode", try: func() error { return unix.Chmod(secret, 0o644) }},
		{name: "changing its owner", try: func() error { return unix.Chown(secret, 0, 0) }},
	}
}

func opens(name string, flags int) func() error {
	return func() error {
		fd, err := unix.Open(name, flags, 0o600)
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	}
}

func creates(name string) error { return opens(name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY)() }

// undone removes what was made.
func undone(err error, name string) error {
	if err == nil {
		err = os.Remove(name)
	}
	return err
}

func thereAndBack(name, away string) error {
	if err := os.Rename(name, away); err != nil {
		return err
	}
	return os.Rename(away, name)
}

func exchanges() error {
	if err := os.MkdirAll("/work/other", 0o755); err != nil {
		return err
	}
	swap := func() error {
		return unix.Renameat2(unix.AT_FDCWD, "/work/other", unix.AT_FDCWD, "/secret", unix.RENAME_EXCHANGE)
	}
	if err := swap(); err != nil {
		return err
	}
	return swap()
}

// linksNameless makes a file without a name, and then gives it one.
func linksNameless() error {
	fd, err := unix.Open("/volume", unix.O_TMPFILE|unix.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	const name = "/volume/secret/new"
	return undone(unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW), name)
}

func bindsSocket() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	const name = "/secret/deep/socket"
	return undone(unix.Bind(fd, &unix.SockaddrUnix{Name: name}), name)
}
