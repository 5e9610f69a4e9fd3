package matching

import (
	"fmt"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// folders are where the rules' paths lie. The measured names are in three of them, so the
// automaton's states along a name have other ways to go, as in a real policy.
func folders() []string {
	return []string{
		"/etc", "/usr/lib/x86_64-linux-gnu",
		"/usr/local/lib/node_modules/npm/node_modules/@npmcli/arborist/lib/arborist",
		"/usr/bin", "/var/lib/postgresql/15/main/base", "/opt/app/releases/current/config", "/srv/www/html/assets",
	}
}

// rule is a path that a policy blocks: a file, or a directory with all below it.
type rule struct {
	path string
	dir  bool
}

// rules returns the case's rules, the one about its name first.
func (c Case) rules() []rule {
	var all []rule
	if c.Named {
		all = append(all, rule{path: c.Path})
	}
	in := folders()
	if !c.Named {
		in = in[3:]
	}
	for i := len(all); i < c.Rules; i++ {
		r := rule{path: fmt.Sprintf("%s/part-%d/item-%d.conf", in[i%len(in)], i%101, i)}
		if i%10 == 9 {
			r = rule{path: fmt.Sprintf("%s/tree-%d/", in[i%len(in)], i), dir: true}
		}
		all = append(all, r)
	}
	return all
}

// manifest writes the case's rules as a user would: a policy that blocks them.
func (c Case) manifest() string {
	var paths, dirs, globs strings.Builder
	for _, r := range c.rules() {
		if r.dir {
			fmt.Fprintf(&dirs, "    - {dir: %s, recursive: true}\n", r.path)
		} else {
			fmt.Fprintf(&paths, "    - {path: %q}\n", r.path)
		}
	}
	for i := range c.Globs {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&globs, "    - {pattern: \"/srv/tenant-%d/*/secret*\"}\n", i)
		case 1:
			fmt.Fprintf(&globs, "    - {pattern: \"/opt/app/releases/*/plugin-%d/*.so\"}\n", i)
		case 2:
			fmt.Fprintf(&globs, "    - {pattern: \"**/id_key%d\"}\n", i)
		default:
			fmt.Fprintf(&globs, "    - {pattern: \"/home/user%d/**.pem\"}\n", i)
		}
	}
	text := "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\n" +
		"metadata: {name: bench, namespace: default}\nspec:\n  selector: {}\n  action: Block\n  file:\n"
	for _, list := range []struct{ name, rules string }{
		{"matchPaths", paths.String()}, {"matchDirectories", dirs.String()}, {"matchPatterns", globs.String()},
	} {
		if list.rules != "" {
			text += "    " + list.name + ":\n" + list.rules
		}
	}
	return text
}

// compile takes the case's policy the way that every policy takes.
func (c Case) compile() (*image.Image, error) {
	policies, err := policy.Parse(strings.NewReader(c.manifest()), c.String())
	if err != nil {
		return nil, fmt.Errorf("parse the policy of %s: %w", c, err)
	}
	profile, err := policy.NewProfile(policies, policy.Options{})
	if err != nil {
		return nil, fmt.Errorf("make the profile of %s: %w", c, err)
	}
	img, err := image.Compile(profile)
	if err != nil {
		return nil, fmt.Errorf("compile the policy of %s: %w", c, err)
	}
	return img, nil
}
