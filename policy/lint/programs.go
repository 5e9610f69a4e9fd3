package lint

import (
	"path"
	"slices"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// need is one thing that a known program does when it is started anew, and that a policy
// written while it was running may have left out.
type need struct {
	programs []string // base names
	verb     explain.Verb
	// paths are the places where distributions have it; one that is allowed is enough.
	paths []string
	why   string
	mend  string
}

// knownNeeds is reviewed by hand: each line was seen to stop that program at its start.
func knownNeeds() []need {
	return []need{
		{[]string{"nginx"}, explain.Write, []string{"/run/nginx.pid", "/var/run/nginx.pid"},
			"writes its process id when it starts, and ends if it can't", "allow writing /run/nginx.pid by exact path"},
		{[]string{"postgres", "initdb"}, explain.Read,
			[]string{"/usr/share/postgresql/timezonesets/Default", "/usr/share/postgresql/16/timezonesets/Default", "/usr/local/share/postgresql/timezonesets/Default"},
			"reads time zone names and templates when it starts", "allow reading /usr/share/postgresql/ (on Alpine, /usr/local/share/postgresql/) recursively"},
		{[]string{"initdb", "pg_ctl"}, explain.Exec, []string{"/bin/sh", "/usr/bin/sh"},
			"starts postgres through a shell", "allow /bin/sh with fromSource naming that program, or start postgres itself"},
		{[]string{"node"}, explain.Read, []string{"/etc/ssl/openssl.cnf", "/usr/local/ssl/openssl.cnf"},
			"reads the settings of OpenSSL when it starts", "allow reading /etc/ssl/openssl.cnf, or use the runtime baseline"},
	}
}

// programs compares what known programs need with what the policies allow them.
func (c *checker) programs() {
	for _, n := range knownNeeds() {
		cat := policy.File
		if n.verb == explain.Exec {
			cat = policy.Process
		}
		if !c.hasAllowList(cat) {
			continue
		}
		for i := range c.rules() {
			r := &c.rules()[i]
			if r.Category != policy.Process || r.Action != policy.Allow || !slices.Contains(n.programs, path.Base(r.Match.Path)) {
				continue
			}
			if r.Match.Kind != policy.MatchPath && r.Match.Kind != policy.MatchGlob {
				continue
			}
			if a, lacking := c.lacks(n, sampleOf(r.Match.Path)); lacking {
				c.add(ProgramNeeds, Warning, r.Field, n.mend,
					"%s %s: %s is denied by %s", path.Base(r.Match.Path), n.why, a.Question, because(a))
			}
		}
	}
}

func (c *checker) lacks(n need, source string) (first explain.Answer, lacking bool) {
	for i, name := range n.paths {
		a, denied := c.denied(explain.Question{Verb: n.verb, Path: name, Source: source, Owner: true})
		if !denied {
			return a, false
		}
		if i == 0 {
			first = a
		}
	}
	return first, true
}

// sampleOf returns a path that a glob of one program stands for: versions are what varies.
func sampleOf(name string) string {
	return strings.NewReplacer("**", "16", "*", "16", "?", "6").Replace(name)
}
