package socket

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the tests start this program again as another user.
func TestMain(m *testing.M) {
	if path := os.Getenv("SOCKET_TEST_CONNECT"); path != "" {
		os.Exit(visit(path))
	}
	os.Exit(m.Run())
}

// visit says whether a server took what it was sent.
func visit(path string) int {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Println("dial:", err)
		return 3
	}
	_, _ = io.WriteString(conn, "GET /")
	answer, _ := io.ReadAll(conn)
	fmt.Printf("%s", answer)
	return 0
}

func start(t *testing.T, o Options) *Listener {
	t.Helper()
	if o.Connections == 0 {
		o.Connections = 10
	}
	l, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- l.Serve() }()
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return l
}

// answer has both protocols answer with their name and the bytes they got.
func answer(l *Listener) {
	for name, from := range map[string]net.Listener{"grpc": l.GRPC(), "http": l.HTTP()} {
		go func() {
			for {
				conn, err := from.Accept()
				if err != nil {
					return
				}
				got := make([]byte, 5)
				_, _ = io.ReadFull(conn, got)
				fmt.Fprintf(conn, "%s got %s", name, got)
				_ = conn.Close()
			}
		}()
	}
}

func say(t *testing.T, path, text string) string {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil && !errors.Is(err, unix.EPIPE) {
		t.Fatal(err)
	}
	got, _ := bufio.NewReader(conn).ReadString(0)
	return got
}

// own returns a group that lets this test connect whoever runs it.
func own() int { return os.Getegid() }

func TestConnectionsAreSortedByProtocol(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l := start(t, Options{Path: path, Group: own()})
	answer(l)
	for text, want := range map[string]string{"PRI *": "grpc got PRI *", "GET /": "http got GET /", "POST /": "", "\x16\x03\x01\x00": ""} {
		if got := say(t, path, text); got != want {
			t.Errorf("%q is answered %q, want %q", text, got, want)
		}
	}
	if c := l.Counters(); c.RefusedProtocol != 2 || c.RefusedPeer != 0 {
		t.Errorf("%+v", c)
	}
}

func TestTheNumberOfConnectionsIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l := start(t, Options{Path: path, Group: own(), Connections: 1})
	first, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(first, "GET /"); err != nil {
		t.Fatal(err)
	}
	held, err := l.HTTP().Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got := say(t, path, "GET /"); got != "" {
		t.Errorf("a second connection is answered %q", got)
	}
	if c := l.Counters(); c.RefusedLimit != 1 || c.Open != 1 {
		t.Errorf("%+v", c)
	}
	_ = held.Close()
	_ = held.Close() // counts once
	_ = first.Close()
	answer(l)
	if got := say(t, path, "GET /"); got != "http got GET /" {
		t.Errorf("once there is room, a connection is answered %q", got)
	}
}

func TestWhoMayConnect(t *testing.T) {
	for _, c := range []struct {
		name     string
		uid, gid uint32
		group    int
		want     bool
	}{
		{"root", 0, 0, NoGroup, true},
		{"root of another group", 0, 7, 8, true},
		{"a user of the group", 1000, 8, 8, true},
		{"a user of another group", 1000, 7, 8, false},
		{"a user where no group may", 1000, 0, NoGroup, false},
		{"a group whose number would be that of no group", 1000, 0xffffffff, NoGroup, false},
	} {
		if got := allowed(&unix.Ucred{Uid: c.uid, Gid: c.gid}, c.group); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The file's rights are opened for all here: what refuses is the question to the kernel.
func TestTheKernelIsAskedWhoConnects(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self := filepath.Join(dir, "visitor")
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(self, program, 0o755), os.Chmod(dir, 0o755), os.Chmod(self, 0o755)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "agent.sock")
	l := start(t, Options{Path: path, Group: 4242})
	answer(l)
	visitor := func(uid, gid uint32) string {
		cmd := exec.Command(self)
		cmd.Env = []string{"SOCKET_TEST_CONNECT=" + path}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := visitor(65534, 65534); got != "" {
		t.Errorf("a stranger is answered %q", got)
	}
	if got := visitor(65534, 4242); got != "http got GET /" {
		t.Errorf("one of the group is answered %q", got)
	}
	if c := l.Counters(); c.RefusedPeer != 1 {
		t.Errorf("%+v", c)
	}
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestTheFolderIsForTheGroupAlone(t *testing.T) {
	base := t.TempDir()
	private := filepath.Join(base, "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		group     int
		want      os.FileMode
	}{
		{"made for root", filepath.Join(base, "root"), NoGroup, 0o700},
		{"made for a group", filepath.Join(base, "made"), own(), 0o750},
		{"opened for a group", private, own(), 0o750},
		{"left as it is", base, own(), modeOf(t, base)},
	} {
		path := filepath.Join(c.dir, "agent.sock")
		start(t, Options{Path: path, Group: c.group})
		if got := modeOf(t, c.dir); got != c.want {
			t.Errorf("the folder %s has mode %o, want %o", c.name, got, c.want)
		}
		if got := modeOf(t, path); got != 0o660 {
			t.Errorf("the socket in the folder %s has mode %o", c.name, got)
		}
	}
}

func TestWhereNoSocketIsMade(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	file := filepath.Join(dir, "file")
	served := filepath.Join(dir, "served")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Path: served, Group: own()})
	for path, want := range map[string]string{
		filepath.Join(open, "sock"): "others can write to its folder (mode 0777)",
		file:                        "no socket: remove it",
		served:                      "another process serves it",
	} {
		_, err := Listen(Options{Path: path, Group: own()})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := net.Dial("unix", served); err != nil {
		t.Errorf("the socket that is served is gone: %v", err)
	}
}

func TestTheSocketOfAnAgentThatWasKilledIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	answer(start(t, Options{Path: path, Group: own()}))
	if got := say(t, path, "GET /"); got != "http got GET /" {
		t.Errorf("answered %q", got)
	}
}

func TestClosingRemovesTheSocketAndEndsTheServers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l, err := Listen(Options{Path: path, Group: own(), Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	for _, from := range []net.Listener{l.GRPC(), l.HTTP()} {
		go func() {
			_, err := from.Accept()
			ended <- err
		}()
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a server goes on waiting")
		}
	}
	if err := l.Serve(); err != nil {
		t.Errorf("serving a closed socket: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
