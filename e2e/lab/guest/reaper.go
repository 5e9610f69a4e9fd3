package guest

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// reaper collects every process that ends, as process 1 must: its own commands
// and the orphans of others.
type reaper struct {
	mu      sync.Mutex
	waiting map[int]chan unix.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{waiting: map[int]chan unix.WaitStatus{}}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	go func() {
		for range ended {
			r.collect()
		}
	}()
	return r
}

// start runs a program; the channel receives how it ended.
func (r *reaper) start(program string, args []string, attr *os.ProcAttr) (int, <-chan unix.WaitStatus, error) {
	// Held while the process starts, so that it can't end before it is known.
	r.mu.Lock()
	defer r.mu.Unlock()
	process, err := os.StartProcess(program, args, attr)
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan unix.WaitStatus, 1)
	r.waiting[process.Pid] = ended
	pid := process.Pid
	return pid, ended, process.Release()
}

func (r *reaper) collect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ended := r.waiting[pid]; ended != nil {
			ended <- status
			delete(r.waiting, pid)
		}
	}
}
