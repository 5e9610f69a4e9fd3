package bpflsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"kubearmor.io/policy/syscalls"
)

// madeCall is a system call as a program's code makes it.
type madeCall struct {
	way    syscalls.Way
	number uint32
	first  uint32 // argument
}

// code is machine code that makes the call: mov eax, number; mov edi (ebx), first; syscall (int 0x80).
func (c madeCall) code() string {
	number, with, enter := c.number, "\xbf", "\x0f\x05"
	switch c.way {
	case syscalls.X32:
		number |= 1 << 30
	case syscalls.I386:
		with, enter = "\xbb", "\xcd\x80"
	}
	word := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	return "\xb8" + word(number) + with + word(c.first) + enter
}

// beInterrupted waits in one readv while signals interrupt it, whose handlers have the kernel begin it anew.
func beInterrupted(times string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, unix.SIGUSR1)
	thread, done := make(chan int, 1), make(chan error)
	go func() {
		runtime.LockOSThread()
		thread <- unix.Gettid()
		var b byte
		to := unix.Iovec{Base: &b, Len: 1}
		_, _, failed := unix.Syscall(unix.SYS_READV, r.Fd(), uintptr(unsafe.Pointer(&to)), 1)
		done <- errno(failed)
	}()
	tid := <-thread
	for range n {
		if err := awaitCall(tid, unix.SYS_READV); err != nil {
			return err
		}
		if err := unix.Tgkill(os.Getpid(), tid, unix.SIGUSR1); err != nil {
			return err
		}
		<-told
	}
	if err := awaitCall(tid, unix.SYS_READV); err != nil {
		return err
	}
	_, err = w.Write([]byte("x"))
	return errors.Join(err, <-done)
}

// awaitCall waits until a thread sleeps in a system call.
func awaitCall(tid, number int) error {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(text), strconv.Itoa(number)+" ") {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("thread %d does not sleep in call %d but in %s", tid, number, text)
		}
	}
}
