package glob

import "testing"

func TestMapDirsResolvesEachDirectoryTheGlobMayBeginWith(t *testing.T) {
	links := map[string]string{"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/var/run": "/run", "/odd": "/a,b{c}"}
	mapped := func(dir string) string {
		if to, ok := links[dir]; ok {
			return to
		}
		return dir
	}
	for _, c := range []struct{ name, glob, want string }{
		{"a directory before a wildcard", "/bin/*sh", "/usr/bin/*sh"},
		{"a directory that is no link", "/etc/*.conf", "/etc/*.conf"},
		{"a wildcard in place of a directory", "/*/sh", "/*/sh"},
		{"a glob without a beginning", "**/sh*", "**/sh*"},
		{"an alternation of names in a linked directory", "/bin/{a,b}*", "/usr/bin/{a,b}*"},
		{"an alternation of linked directories", "/{bin,sbin}/x*", "/{usr/bin/x*,usr/sbin/x*}"},
		{"an alternation of which one branch is linked", "/{bin,opt}/x*", "/{usr/bin/x*,opt/x*}"},
		{"characters that alternations reserve", "/{odd,opt}/x*", `/{a\,b\{c\}/x*,opt/x*}`},
		{"the wildcard in the last part of a link's directory", "/var/run/{a,b/c}*", "/run/{a,b/c}*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := Parse(c.glob)
			if err != nil {
				t.Fatal(err)
			}
			got := g.MapDirs(mapped)
			if got.String() != c.want {
				t.Errorf("%s becomes %s, want %s", c.glob, got, c.want)
			}
			again, err := Parse(got.String())
			if err != nil {
				t.Fatalf("the result does not parse: %v", err)
			}
			if again.String() != got.String() {
				t.Errorf("parsed again it is %s, was %s", again, got)
			}
		})
	}
}
