package container

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Answer is what a server said.
type Answer struct {
	Status int
	Body   string
}

// Get asks the container's server over HTTP.
func (c *Container) Get(ctx context.Context, port int, path string) (Answer, error) {
	return c.Ask(ctx, http.MethodGet, port, path, "")
}

// Ask sends a request to the container's server from outside: by this process, which
// belongs to no container, through the container's network namespace.
func (c *Container) Ask(ctx context.Context, method string, port int, path, body string) (Answer, error) {
	client := http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: c.Dial},
	}
	url := fmt.Sprintf("http://127.0.0.1:%d%s", port, path)
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("ask the container: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("ask the container: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return Answer{}, fmt.Errorf("read the container's answer: %w", err)
	}
	return Answer{response.StatusCode, string(text)}, nil
}

// Dial connects to an address from within the container's network namespace. The thread that enters
// it is never given back: it ends with its goroutine.
func (c *Container) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.PID))
		if err == nil {
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
			ns.Close()
		}
		if err != nil {
			done <- result{err: fmt.Errorf("enter the container's network: %w", err)}
			return
		}
		// One address and no name: the dial stays on this thread.
		conn, err := (&net.Dialer{FallbackDelay: -1}).DialContext(ctx, network, address)
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}
