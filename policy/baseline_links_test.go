package policy

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func linkTo(target string) *fstest.MapFile {
	return &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(target)}
}

func TestBaselineFollowsLinksOnlyToWhereItGrantsItself(t *testing.T) {
	root := fstest.MapFS{
		"lib":                                  linkTo("usr/lib"),
		"usr/lib/x.so":                         &fstest.MapFile{},
		"etc/localtime":                        linkTo("/usr/share/zoneinfo/UTC"),
		"usr/share/zoneinfo/UTC":               &fstest.MapFile{},
		"etc/resolv.conf":                      linkTo("../run/systemd/resolve/stub-resolv.conf"),
		"run/systemd/resolve/stub-resolv.conf": &fstest.MapFile{},
		"etc/host.conf":                        linkTo("shadow"),
		"etc/shadow":                           &fstest.MapFile{},
		"etc/locale":                           linkTo("/root"),
		"usr/share/locale":                     linkTo("/"),
		"usr/share/zoneinfo-old":               linkTo("zoneinfo"),
		"usr/local/lib":                        linkTo("/run"),
		"run/secrets/t":                        &fstest.MapFile{},
		"dev/shm":                              linkTo("/usr/lib"),
		"etc/gcrypt":                           linkTo("/home/bob"),
		"root/.ssh/id":                         &fstest.MapFile{},
		"home/bob/random.conf":                 &fstest.MapFile{},
	}
	p, err := NewProfile([]*Policy{{Ref: Ref{Name: "list"}, Rules: []Rule{
		{Category: File, Action: Allow, Match: Matcher{Kind: MatchPath, Path: "/app"}},
	}}}, Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Verdict{
		"/usr/lib/x.so": Allowed, "/usr/share/zoneinfo/UTC": Allowed, "/run/systemd/resolve/stub-resolv.conf": Allowed,
		"/etc/shadow": Denied, "/root/.ssh/id": Denied, "/root": Denied, "/home/bob/random.conf": Denied,
		"/run/secrets/t": Denied, "/srv/x": Denied, "/etc/nginx/nginx.conf": Denied,
	} {
		if d := Decide(p, &Operation{Kind: OpRead, Names: Name(name)}); d.Verdict != want {
			t.Errorf("reading %s: %s", name, d)
		}
	}
	if d := Decide(p, &Operation{Kind: OpWrite, Names: Name("/usr/lib/x.so")}); d.Verdict != Denied {
		t.Errorf("writing a library, to which a link at /dev/shm leads: %s", d)
	}
}
