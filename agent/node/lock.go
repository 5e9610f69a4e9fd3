package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is held by the one agent of a node. The kernel gives it back when the agent ends.
type Lock struct{ file *os.File }

// lockInterval is how often the lock is tried: the kernel wakes nobody who waits with a limit.
const lockInterval = 20 * time.Millisecond

// TakeLock waits for the lock, at most that long.
func TakeLock(ctx context.Context, dir string, patience time.Duration) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	name := filepath.Join(dir, "lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	for end := time.Now().Add(patience); ; {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock this node: %w", err), f.Close())
		}
		if time.Now().After(end) {
			held := &HeldError{file: name, patience: patience}
			_, _ = fmt.Fscan(f, &held.Owner)
			return nil, errors.Join(held, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(lockInterval):
		}
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock this node: %w", err), f.Close())
	}
	return &Lock{f}, nil
}

// HeldError says that another agent has the lock.
type HeldError struct {
	Owner    int // its process
	file     string
	patience time.Duration
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another agent (process %d) holds %s, for more than %v: end it first", e.Owner, e.file, e.patience)
}

// End sends the agent that holds the lock a signal.
func (e *HeldError) End(signal unix.Signal) error {
	if e.Owner <= 1 {
		return fmt.Errorf("another agent holds %s, and it is not known which process that is", e.file)
	}
	if err := unix.Kill(e.Owner, signal); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("end the agent (process %d): %w", e.Owner, err)
	}
	return nil
}

// Close gives the lock to who waits for it.
func (l *Lock) Close() error { return l.file.Close() }
