package policy

import "testing"

// sentence is one sentence of the contract, repeated in short. Where a pure function can't
// show it, Elsewhere says whose tests do.
type sentence struct{ id, text, elsewhere string }

func sentences() []sentence {
	var all []sentence
	for _, part := range [][]sentence{
		sentencesOfSelection(), sentencesOfRules(), sentencesOfOperations(), sentencesOfNames(), sentencesOfDecision(), sentencesElsewhere(),
	} {
		all = append(all, part...)
	}
	return all
}

func sentencesOfSelection() []sentence {
	return []sentence{
		{id: "select.namespaced", text: "a KubeArmorPolicy is about pods of its own namespace"},
		{id: "select.cluster", text: "a KubeArmorClusterPolicy is about pods of every namespace"},
		{id: "select.host", text: "a KubeArmorHostPolicy is about processes in no container, on the nodes that nodeSelector picks"},
		{id: "select.and", text: "matchLabels and matchExpressions are ANDed"},
		{id: "select.empty", text: "an empty selector picks all"},
		{id: "select.expressions", text: "matchExpressions as in Kubernetes"},
		{id: "select.pairs", text: "key label with values k=v"},
		{id: "select.namespace-key", text: "key namespace, in a cluster policy"},
		{id: "select.containers", text: "kubearmor.io/container.name narrows to containers"},
		{id: "select.any-container", text: "init, sidecar and ephemeral containers are as any other"},
	}
}

func sentencesOfRules() []sentence {
	return []sentence{
		{id: "rule.categories", text: "a rule has a category"},
		{id: "rule.syscalls", text: "syscalls is audit only"},
		{id: "rule.action", text: "the rule's action, else the section's, else the policy's, else Block"},
		{id: "rule.inherit", text: "severity, tags and message inherit the same way"},
		{id: "match.path", text: "path is that path"},
		{id: "match.path-glob", text: "with an unescaped wildcard it is a glob"},
		{id: "match.dir", text: "dir is the directory and its direct children"},
		{id: "match.dir-recursive", text: "recursive: everything below it as well"},
		{id: "match.dir-root", text: "dir / recursive is everything"},
		{id: "match.dir-noglob", text: "dir takes no glob"},
		{id: "match.pattern", text: "the language of patterns"},
		{id: "match.execname", text: "execname is any program of that base name"},
		{id: "flag.readonly", text: "readOnly is about reading"},
		{id: "flag.owneronly", text: "ownerOnly: the caller's fsuid owns the file"},
		{id: "flag.args", text: "allowedArgs: every argument after the first is among these"},
		{id: "flag.several", text: "several flags add up"},
		{id: "flag.allow", text: "Allow matches what satisfies all flags"},
		{id: "flag.block", text: "Block matches what does not"},
		{id: "flag.audit", text: "and so does Audit"},
		{id: "flag.args-unreadable", text: "arguments that can't be read whole match no Allow and every Block"},
		{id: "flag.source", text: "fromSource narrows every action alike"},
		{id: "flag.source-empty", text: "an empty fromSource is invalid"},
		{id: "flag.source-exec", text: "for an exec the source is that of the task as it was before"},
		{id: "flag.pts", text: "pts: the caller has a controlling terminal"},
		{id: "net.case", text: "protocol names in any letter case"},
		{id: "net.protocols", text: "tcp with MPTCP and SMC, udp with UDP-Lite, icmp, icmpv6, sctp; 0 is the type's default"},
		{id: "net.raw", text: "SOCK_RAW and AF_PACKET are raw; Allow only by raw or all"},
		{id: "net.scope", text: "unix and netlink are out of scope; other families are denied by a list and matched by all"},
		{id: "net.endpoint", text: "cidr, ports, protocol, direction; egress is the default"},
		{id: "net.mapped", text: "IPv4-mapped IPv6 is judged as IPv4"},
		{id: "net.egress", text: "every send to an address is egress and judged each time"},
		{id: "net.endpoint-sockets", text: "endpoint rules do not match creating sockets"},
		{id: "net.endpoint-list", text: "an allow-list of endpoints alone allows the sockets it needs"},
		{id: "preset.env", text: "protectEnv"},
		{id: "preset.proc", text: "protectProc"},
		{id: "preset.exec", text: "exec"},
		{id: "preset.fileless", text: "filelessExec"},
		{id: "preset.anon", text: "anonymousMapExec"},
	}
}

func sentencesOfOperations() []sentence {
	return []sentence{
		{id: "op.process", text: "each image of an exec is judged and all must pass"},
		{id: "op.loader", text: "the loader is judged only where a path or execname Blocks it"},
		{id: "op.mapping", text: "so is an executable mapping; directories and globs do not judge it"},
		{id: "op.read", text: "file, read"},
		{id: "op.write", text: "file, write"},
		{id: "op.write-both", text: "rename and link write both names"},
		{id: "op.capability-silent", text: "a silent check is decided alike, without an event"},
		{id: "op.notfile", text: "pipes, sockets, anonymous inodes and memfds are no files; FIFOs are"},
		{id: "op.unix", text: "connecting to a unix socket is no operation"},
		{id: "op.reopen", text: "mapping executable, executing and reopening what is held are judged"},
		{id: "setup.exempt", text: "set-up is exempt but for the exec that ends it"},
	}
}

func sentencesOfNames() []sentence {
	return []sentence{
		{id: "name.any", text: "Block and Audit match by any name"},
		{id: "name.origin-only", text: "Allow matches an origin name only"},
		{id: "name.own-mount", text: "the container's own mounts: the seen name for files, no Allow for programs"},
		{id: "name.deleted", text: "a deleted file keeps its last name for Block and Audit"},
		{id: "name.none", text: "what should have a name and has none matches no Allow"},
		{id: "name.handle", text: "opening by handle is denied in a category with a Block by path"},
		{id: "name.program-none", text: "as a program, what has no name matches no Allow"},
		{id: "name.cut", text: "beyond PATH_MAX directory rules Block, and nothing Allows"},
		{id: "name.copy", text: "a copy is a new file"},
		{id: "name.self", text: "/proc/self in a rule is the caller's own process"},
		{id: "guard.name", text: "what is Blocked can't be given another name"},
		{id: "guard.host", text: "on a host names are judged alone"},
		{id: "guard.program", text: "what an exact path Allows as a program is read-only"},
		{id: "guard.exempt", text: "unless a file rule Allows that write by exact path"},
		{id: "guard.program-exact", text: "directory and glob Allows don't protect"},
		{id: "guard.foreign", text: "a container with path rules may not mount a file system of other files"},
		{id: "resolve.directories", text: "rules are resolved in the container's root; what does not exist stays literal"},
		{id: "resolve.computed", text: "links that the kernel computes are not resolved"},
		{id: "resolve.later", text: "a link changed later changes no rule"},
		{id: "resolve.last", text: "for file rules and sources the last component is resolved too"},
		{id: "link.block", text: "a link in a process Block: the target, started by that last component"},
		{id: "link.hidden", text: "or by a name that is hidden"},
		{id: "link.replaced", text: "or the rule names the file that runs"},
		{id: "link.target", text: "a rule about the target is about all its names"},
		{id: "link.allow", text: "Allow needs the target and that last component; a name alone allows nothing"},
	}
}

func sentencesOfDecision() []sentence {
	return []sentence{
		{id: "decide.most-specific", text: "of a policy's matching rules the most specific wins"},
		{id: "decide.source-first", text: "with fromSource before without"},
		{id: "decide.kinds", text: "path, execname, glob, directory"},
		{id: "decide.glob-bytes", text: "globs: more bytes that stand for themselves; the shortest branch counts"},
		{id: "decide.dir-length", text: "directories: the longest, non-recursive before recursive"},
		{id: "decide.ties", text: "between equals Block, Audit, Allow"},
		{id: "decide.no-verdict", text: "no rule matches: no verdict"},
		{id: "decide.list", text: "one Allow makes an allow-list for its category"},
		{id: "decide.grants", text: "it grants by Allow and by Audit"},
		{id: "compose.order", text: "any Block; else the posture; else any Audit; else allowed"},
		{id: "compose.specific-allow", text: "a specific Allow beats a broad Block in one policy"},
		{id: "compose.block-final", text: "a Block can't be undone by another policy"},
		{id: "compose.lists-add", text: "allow-lists add up"},
		{id: "compose.audit-only", text: "an audit-only policy never widens anything"},
		{id: "mode.audit", text: "mode Audit: no part in the decision; a would-be denial is Audit (Block)"},
		{id: "mode.audited-pod", text: "so on an audited pod"},
		{id: "event.block", text: "the most specific Block is named"},
		{id: "event.ref", text: "then kind, namespace and name"},
		{id: "event.position", text: "then position"},
		{id: "event.posture", text: "a posture's denial names the first list and lists the others"},
		{id: "event.one", text: "one operation gives one event; a denial is no audit as well"},
		{id: "baseline.grants", text: "the baseline grants what a program needs to start"},
		{id: "baseline.no-secret", text: "nothing below a secret"},
		{id: "baseline.block-wins", text: "it grants against the posture alone: a Block still wins"},
		{id: "baseline.off", text: "it can be off"},
		{id: "posture.categories", text: "the posture is per category"},
		{id: "posture.audit", text: "audit: allowed and reported"},
	}
}

func sentencesElsewhere() []sentence {
	const agent, enforcer, lint = "the agent's configuration", "the enforcers' tests on kernels", "lint's tests"
	return []sentence{
		{id: "select.excluded", text: "kube-system and the system's own namespace are not enforced unless configured", elsewhere: agent},
		{id: "select.protected", text: "host policies never deny the protected set", elsewhere: "package protected"},
		{id: "rule.not-enforceable", text: "what an enforcer can't carry out is reported", elsewhere: "Supports"},
		{id: "flag.args-copied", text: "arguments are those that execve has copied", elsewhere: enforcer},
		{id: "flag.source-recorded", text: "the source is recorded at exec and inherited at fork", elsewhere: enforcer},
		{id: "flag.source-secure", text: "a source of an Allow is executed with AT_SECURE and may not be traced", elsewhere: enforcer},
		{id: "op.none", text: "stat, access, readlink, chdir and O_PATH are no operation; opening to exec is process", elsewhere: enforcer},
		{id: "op.held", text: "a descriptor held stays usable; a change of policy ends no mapping and no connection", elsewhere: enforcer},
		{id: "op.overlay", text: "what a stacked file system opens is not judged", elsewhere: enforcer},
		{id: "name.origin", text: "how origin names are recorded and found", elsewhere: enforcer},
		{id: "name.full", text: "names have no links left, at any depth up to PATH_MAX", elsewhere: enforcer},
		{id: "name.mounts", text: "no file systems that show files under new inodes; no io_uring with kernel threads", elsewhere: enforcer},
		{id: "lint.writable", text: "directory and glob Allows that cover a writable place", elsewhere: lint},
		{id: "lint.applets", text: "a multi-call program asked for another applet", elsewhere: lint},
		{id: "setup.tasks", text: "who is setting up, and for how long; a task keeps its container", elsewhere: enforcer},
		{id: "baseline.configured", text: "the baseline is off by configuration or annotation", elsewhere: agent},
		{id: "posture.configured", text: "postures by configuration and annotation; process, where unset, is file's; unknown values", elsewhere: agent},
		{id: "deny.errno", text: "EACCES and EPERM; the caller is never killed", elsewhere: enforcer},
	}
}

func TestSentencesAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sentences() {
		if seen[s.id] || s.text == "" {
			t.Errorf("sentence %s is listed twice or has no text", s.id)
		}
		seen[s.id] = true
	}
}

// checkCoverage compares what the tables say they test with the list.
func checkCoverage(t *testing.T, covered map[string]int) {
	known := map[string]bool{}
	for _, s := range sentences() {
		known[s.id] = true
		switch n := covered[s.id]; {
		case s.elsewhere == "" && n == 0:
			t.Errorf("no case tests %s: %s", s.id, s.text)
		case s.elsewhere != "" && n > 0:
			t.Errorf("%s is said to be tested in %s, and %d cases test it here", s.id, s.elsewhere, n)
		}
	}
	for id := range covered {
		if !known[id] {
			t.Errorf("the tables name a sentence %s, which is not on the list", id)
		}
	}
}
