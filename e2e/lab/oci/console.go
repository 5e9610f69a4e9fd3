package oci

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// console waits for the terminal that runc opens for a process and hands over
// through a socket.
type console struct {
	path     string
	listener *net.UnixListener
}

func listenForConsole(bundle string) (*console, error) {
	path := filepath.Join(bundle, "console.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the terminal: %w", err)
	}
	return &console{path: path, listener: listener}, nil
}

// receive returns the terminal's master side.
func (c *console) receive() (*os.File, error) {
	conn, err := c.listener.AcceptUnix()
	if err != nil {
		return nil, fmt.Errorf("receive the terminal: %w", err)
	}
	defer conn.Close()
	name, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(name, control)
	if err != nil {
		return nil, fmt.Errorf("receive the terminal: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return nil, fmt.Errorf("receive the terminal: %w", err)
	}
	if len(messages) != 1 {
		return nil, errors.New("receive the terminal: runc sent none")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.Join(errors.New("receive the terminal: runc sent none"), err)
	}
	return os.NewFile(uintptr(fds[0]), "terminal"), nil
}

func (c *console) close() error { return c.listener.Close() }
