package hooks

import (
	"fmt"
	"strings"
)

// list is a policy that can be written in both languages.
type list struct {
	allow bool // an allow-list: it grants what the load does and nothing else
	rules int  // about files; besides those an allow-list needs for the load
	// glob adds a rule that holds at any depth, so that no name can be judged before its end.
	glob bool
	// source makes all rules of the product about calls by the load, as AppArmor's always are.
	source bool
	// addresses has as many rules about addresses, which AppArmor has no rules about, instead of one
	// about protocols.
	addresses bool
	// watch names system calls that the load does not make, so that all calls are watched.
	watch bool
}

func (l list) String() string {
	s := fmt.Sprintf("block-list, %d rules", l.rules)
	if l.allow {
		s = fmt.Sprintf("allow-list, %d rules", l.rules)
	}
	if l.glob {
		s += " and **/*.key"
	}
	if l.source {
		s += " for one program"
	}
	if l.addresses {
		s += " and as many about addresses"
	}
	if l.watch {
		s += " and watched calls"
	}
	return s
}

// id names the list's profile and file.
func (l list) id() string {
	return strings.NewReplacer(", ", "-", " rules", "", " for one program", "-source", " and watched calls", "-watch", " and as many about addresses", "-addresses", " and **/*.key", "-glob").Replace(l.String())
}

// files are the paths that the rules are about, one of ten a directory: half of them beside
// the files that the load opens.
func (l list) files() []string {
	in := []string{
		"/etc", "/opt/app/releases/current/config", "/usr/lib/x86_64-linux-gnu", "/srv/www/html/assets",
		"/usr/local/lib/node_modules/npm/node_modules/@npmcli/arborist/lib/arborist", "/var/lib/postgresql/15/main/base",
	}
	var files []string
	for i := range l.rules {
		file := fmt.Sprintf("%s/item-%d.conf", in[i%len(in)], i)
		if i%10 == 9 {
			file = fmt.Sprintf("%s/tree-%d/", in[i%len(in)], i)
		}
		files = append(files, file)
	}
	return files
}

// kubearmor writes the list as a policy of the product.
func (l list) kubearmor() string {
	action := "Block"
	if l.allow {
		action = "Allow"
	}
	var exact, dirs strings.Builder
	of := ""
	if l.source {
		of = ", fromSource: [{path: " + loadPath + "}]"
	}
	for _, f := range l.files() {
		if strings.HasSuffix(f, "/") {
			fmt.Fprintf(&dirs, "    - {dir: %s, recursive: true%s}\n", f, of)
		} else {
			fmt.Fprintf(&exact, "    - {path: %q%s}\n", f, of)
		}
	}
	if l.allow {
		for _, f := range append(paths(), scratchPath, scratchPath+"-", loadPath) {
			fmt.Fprintf(&exact, "    - {path: %q}\n", f)
		}
	}
	text := "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: " + l.id() +
		", namespace: default}\nspec:\n  selector: {}\n  action: " + action + "\n"
	if l.allow {
		text += "  process:\n    matchPaths:\n    - {path: " + loadPath + "}\n"
	}
	text += "  network:\n" + l.network() + "  file:\n    matchPaths:\n" + exact.String()
	if dirs.Len() > 0 {
		text += "    matchDirectories:\n" + dirs.String()
	}
	if l.glob {
		text += "    matchPatterns:\n    - {pattern: \"**/*.key\"}\n"
	}
	if l.watch {
		text += "  syscalls:\n    matchSyscalls:\n    - {syscall: [ptrace, bpf, init_module]}\n"
	}
	return text
}

// network are the rules about protocols, or about addresses.
func (l list) network() string {
	if !l.addresses && l.allow {
		return "    matchProtocols:\n    - {protocol: tcp}\n    - {protocol: udp}\n"
	}
	if !l.addresses {
		return "    matchProtocols:\n    - {protocol: raw}\n"
	}
	text := "    matchEndpoints:\n"
	if l.allow {
		text += "    - {cidr: 127.0.0.0/8}\n    - {cidr: 127.0.0.0/8, direction: ingress}\n"
	}
	for i := range l.rules {
		text += fmt.Sprintf("    - {cidr: 10.%d.%d.%d, ports: [443, 8443], protocol: tcp}\n", i/7%256, i*13%256, i%251)
	}
	return text
}

// apparmor writes the list as an AppArmor profile, but for the rules about addresses, which are no rules of
// AppArmor's: it judges connecting and sending by family and type.
func (l list) apparmor() string {
	var b strings.Builder
	fmt.Fprintf(&b, "profile %s {\n", l.id())
	permissions := "audit deny %q rwlk,\n"
	if l.allow {
		permissions = "%q rwlk,\n"
		for _, f := range append(paths(), scratchPath, scratchPath+"-") {
			fmt.Fprintf(&b, permissions, f)
		}
		fmt.Fprintf(&b, "%q rmix,\nnetwork inet stream,\nnetwork inet dgram,\n", loadPath)
	} else {
		b.WriteString("/** rwlkmix,\nnetwork,\naudit deny network inet raw,\ncapability,\nsignal,\nunix,\n")
	}
	for _, f := range l.files() {
		if strings.HasSuffix(f, "/") {
			f += "**"
		}
		fmt.Fprintf(&b, permissions, f)
	}
	if l.glob {
		fmt.Fprintf(&b, permissions, "/**/*.key")
	}
	b.WriteString("}\n")
	return b.String()
}
