//go:build guest

package policies

import (
	"fmt"
	"net/url"
	"testing"

	"kubearmor.io/e2e/exercise/container"
)

// actorPy is a program that serves over HTTP and does on request what a policy is about;
// it answers "ok" or the name of the error.
const actorPy = `
import errno, http.server, socket, subprocess, urllib.parse

def do(path, query):
    one = lambda name: query[name][0]
    if path == "/socket":
        socket.socket(int(one("family")), int(one("type")), int(one("protocol"))).close()
    elif path == "/udp":
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(b"x", ("127.0.0.1", 9))
    elif path == "/read":
        open(one("path")).read()
    elif path == "/write":
        open(one("path"), "a").write("x")
    elif path == "/run":
        subprocess.run([one("program"), "-c", "exit 0"], check=True)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        try:
            do(url.path, urllib.parse.parse_qs(url.query))
            answer = "ok"
        except OSError as e:
            answer = errno.errorcode[e.errno]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())
    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
`

func actor(namespace, labels string) workload {
	return workload{
		image: "debian", args: []string{"/usr/bin/python3", "/actor.py"}, namespace: namespace, labels: labels,
		files: map[string]container.File{"/actor.py": {Text: actorPy}, "/etc/app/settings": {Text: "x"}},
	}
}

func actorServes(p *pod) error { return p.acts("/", "ok") }

// acts has the program do something and compares its answer.
func (p *pod) acts(what, want string) error {
	a, err := p.Get(p.t.Context(), 8080, what)
	if err == nil && a.Body != want {
		err = fmt.Errorf("%s answered %q, want %q", what, a.Body, want)
	}
	return err
}

// AF_*, SOCK_* and IPPROTO_* as Linux numbers them.
func socketOf(family, kind, protocol int) string {
	return fmt.Sprintf("/socket?family=%d&type=%d&protocol=%d", family, kind, protocol)
}

var (
	openSockets = map[string]string{
		"tcp": socketOf(2, 1, 0), "tcp by number": socketOf(2, 1, 6), "tcp6": socketOf(10, 1, 0), "mptcp": socketOf(2, 1, 262),
		"udp": socketOf(2, 2, 0), "udp6": socketOf(10, 2, 17), "unix": socketOf(1, 1, 0), "netlink": socketOf(16, 3, 0),
	}
	rawSockets = map[string]string{
		"raw icmp": socketOf(2, 3, 1), "raw tcp": socketOf(2, 3, 6), "raw6": socketOf(10, 3, 58), "packet": socketOf(17, 3, 768), "packet dgram": socketOf(17, 2, 0),
	}
	icmpSocket  = socketOf(2, 2, 1)
	vsockSocket = socketOf(40, 1, 0)
)

// opensPing lets the container's user have ICMP sockets, as hosts with a ping for
// everybody do.
func (p *pod) opensPing() {
	p.t.Helper()
	p.must(p.setNetwork("ipv4/ping_group_range", "0 2147483647"))
}

func socketsBefore(p *pod) {
	p.opensPing()
	p.must(p.acts(icmpSocket, "ok"))
	for _, s := range rawSockets {
		p.must(p.acts(s, "ok"))
	}
}

func (p *pod) frontendIsHeld() {
	p.t.Helper()
	for _, s := range openSockets {
		p.must(p.acts(s, "ok"))
	}
	p.must(p.acts("/udp", "ok"))
	p.reports()
	denied := []string{icmpSocket, vsockSocket}
	for _, s := range rawSockets {
		denied = append(denied, s)
	}
	for _, s := range denied {
		p.must(p.acts(s, "EACCES"))
	}
	if got := p.alerts(); len(got) != len(denied) {
		p.t.Errorf("%d sockets were denied with %d events:", len(denied), len(got))
		for _, e := range got {
			p.t.Log(e.Text())
		}
	}
}

func TestFrontendNetworkPolicyOnRunningProgram(t *testing.T) {
	p := running(t, actor("production", "tier=frontend"), actorServes, socketsBefore, "frontend-network-policy")
	p.frontendIsHeld()
}

func TestFrontendNetworkPolicyFromCreation(t *testing.T) {
	p := created(t, actor("production", "tier=frontend"), "frontend-network-policy")
	p.opensPing()
	p.await(actorServes)
	p.frontendIsHeld()
}

func examplePolicyHolds(p *pod) {
	p.t.Helper()
	write := "/write?path=" + url.QueryEscape("/etc/hosts")
	p.must(
		p.acts("/read?path=/etc/passwd", "ok"), p.acts("/write?path=/tmp/x", "ok"), p.acts(icmpSocket, "ok"),
		p.acts("/run?program=/bin/sh", "ok"), p.acts(socketOf(2, 1, 0), "ok"),
		// Below a subfolder: `dir: /etc/` without `recursive` is about its direct children.
		p.acts("/write?path=/etc/app/settings", "ok"),
	)
	p.reports()
	p.must(p.acts(write, "EACCES"), p.acts("/write?path=/etc/new", "EACCES"), p.acts("/run?program=/bin/bash", "EACCES"))
	p.reports("example-policy: File /etc/hosts", "example-policy: File /etc/new", "example-policy: Process /usr/bin/bash")
	for _, s := range rawSockets {
		p.must(p.acts(s, "EACCES"))
	}
	if got := p.alerts(); len(got) != len(rawSockets) {
		p.t.Errorf("%d raw sockets were denied with %d events", len(rawSockets), len(got))
	}
}

func TestExamplePolicyOnRunningProgram(t *testing.T) {
	before := func(p *pod) {
		socketsBefore(p)
		p.must(p.acts("/write?path=/etc/hosts", "ok"), p.acts("/run?program=/bin/bash", "ok"))
	}
	examplePolicyHolds(running(t, actor("default", "app=myapp"), actorServes, before, "example-policy"))
}

func TestExamplePolicyFromCreation(t *testing.T) {
	p := created(t, actor("default", "app=myapp"), "example-policy")
	p.opensPing()
	p.await(actorServes)
	examplePolicyHolds(p)
}
