//go:build guest

package policies

import (
	"net/http"
	"strings"
	"testing"
)

const nodePort = 8080

func node(labels string) workload {
	return workload{image: "node", namespace: "production", labels: labels}
}

func nodeServes(p *pod) error {
	return p.answers(http.MethodGet, nodePort, "/", "", 200, "the node app serves")
}

// nodeCases are the policies for Node, and what each says beyond serving.
func nodeCases() map[string]string {
	return map[string]string{"nodejs-minimal": "app=nodejs-api", "checkout-service-lockdown": "app=checkout-service"}
}

// nodeIsHeld tries through the running program what the policy is there to deny.
func nodeIsHeld(p *pod, policy string) {
	p.t.Helper()
	p.must(
		p.answers(http.MethodPost, nodePort, "/run?program=/bin/sh&arg=-c&arg=true", "", 500, "EACCES"),
		p.answers(http.MethodPost, nodePort, "/run?program=/usr/bin/cat&arg=/app/message.txt", "", 500, "EACCES"),
		p.answers(http.MethodGet, nodePort, "/read?path=/etc/shadow", "", 500, "EACCES"),
		p.answers(http.MethodPost, nodePort, "/write?path=/home/node/x", "text", 500, "EACCES"),
	)
	p.refuses("bash", "-c", "exit 0")
	p.reports(
		policy+": Process /usr/bin/dash", policy+": Process /usr/bin/cat", policy+": Process /usr/bin/bash",
		policy+": File /etc/shadow", policy+": File /home/node/x",
	)
}

func TestNodePoliciesOnRunningNode(t *testing.T) {
	for policy, labels := range nodeCases() {
		t.Run(policy, func(t *testing.T) {
			before := func(p *pod) {
				p.readableShadow()
				p.must(
					p.answers(http.MethodPost, nodePort, "/run?program=/bin/sh&arg=-c&arg=true", "", 200, "status 0"),
					p.answers(http.MethodGet, nodePort, "/read?path=/etc/shadow", "", 200, "root:"),
					p.answers(http.MethodPost, nodePort, "/write?path=/home/node/x", "text", 200, "written"),
				)
				p.chmod("/app/message.txt", 0o666)
				p.must(changeApp(p, 200, "written"))
			}
			p := running(t, node(labels), nodeServes, before, policy)
			p.must(nodeServes(p), p.answers(http.MethodPost, nodePort, "/write?path=/tmp/x", "text", 200, "written"))
			p.reports()
			// One of them lets the application be read alone.
			if policy == "nodejs-minimal" {
				p.must(changeApp(p, 500, "EACCES"), nodeServes(p))
				p.reports("nodejs-minimal: File /app/message.txt")
			} else {
				p.must(changeApp(p, 200, "written"))
				p.reports()
			}
			nodeIsHeld(p, policy)
		})
	}
}

// changeApp writes to a file of the application what is in it already.
func changeApp(p *pod, status int, text string) error {
	return p.answers(http.MethodPost, nodePort, "/write?path=/app/message.txt", "the node app serves", status, text)
}

func TestNodePoliciesBeforeNodeStarts(t *testing.T) {
	for policy, labels := range nodeCases() {
		t.Run(policy, func(t *testing.T) {
			p := created(t, node(labels), policy)
			if output := p.ended(); !strings.Contains(output, "/usr/share/nodejs/") {
				t.Errorf("Debian's Node must miss its modules, it said: %s", output)
			}
			// It is the first thing that is denied, so what Node asked for before was granted.
			p.awaits(policy + ": File /usr/share/nodejs/cjs-module-lexer/lexer.js")
			if first := p.agent.Events.Since(0)[0]; lineOf(first) != policy+": File /usr/share/nodejs/cjs-module-lexer/lexer.js" {
				t.Errorf("the first denial is\n%s", first.Text())
			}
		})
	}
}

func TestCompletedNodePoliciesStartAndServeWithoutAnyDenial(t *testing.T) {
	for policy, labels := range nodeCases() {
		t.Run(policy, func(t *testing.T) {
			p := create(t, node(labels))
			p.readableShadow()
			p.enforce(node(labels), "completed/"+policy)
			p.start()
			p.await(nodeServes)
			p.must(p.answers(http.MethodPost, nodePort, "/write?path=/tmp/x", "text", 200, "written"))
			p.reports()
			nodeIsHeld(p, policy)
		})
	}
}
