package debian

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnIndexIsReadStanzaByStanza(t *testing.T) {
	const text = `Package: one
Version: 1:2.0-1
Architecture: amd64
Pre-Depends: libc6 (>= 2.34)
Depends: two (= 1.0), three | four, python3:any (>= 3.9)
Description: a package
 whose description goes on
 Package: not a field

Package: two
Architecture: all
Version: 1.0
`
	want := []Package{
		{Name: "one", Version: "1:2.0-1", Architecture: "amd64", Depends: []string{"libc6", "two", "three", "python3"}},
		{Name: "two", Version: "1.0", Architecture: "all"},
	}
	if diff := cmp.Diff(want, ParseIndex(text)); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestAPackagesFileIsNamedAsAptNamesIt(t *testing.T) {
	got := Package{Name: "login", Version: "1:4.13+dfsg1-1", Architecture: "amd64"}.FileName()
	if want := "login_1%3a4.13+dfsg1-1_amd64.deb"; got != want {
		t.Errorf("file is %s, want %s", got, want)
	}
}

func TestASimulatedInstallListsItsPackages(t *testing.T) {
	const text = `Reading package lists...
Inst gcc-12-base (12.2.0-14 Debian:12.11/oldstable [amd64])
Inst login (1:4.13+dfsg1-1 Debian:12.11/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst ca-certificates (20230311 Debian:12.11/oldstable [all])
Conf login (1:4.13+dfsg1-1 Debian:12.11/oldstable [amd64])
`
	want := []Package{
		{Name: "gcc-12-base", Version: "12.2.0-14", Architecture: "amd64"},
		{Name: "login", Version: "1:4.13+dfsg1-1", Architecture: "amd64"},
		{Name: "ca-certificates", Version: "20230311", Architecture: "all"},
	}
	if diff := cmp.Diff(want, parseSimulation(text)); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add("Package: one\nVersion: 1\nDepends: two | three (= 1), four:any\n\nPackage: two\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range ParseIndex(text) {
			if p.Name == "" {
				t.Errorf("a package without a name from %q", text)
			}
		}
	})
}
