package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab"
)

func TestAdditionsAreHostAndGuestPaths(t *testing.T) {
	tests := []struct {
		name, text string
		want       lab.Add
		fails      bool
	}{
		{"a file", "file:/data/file", lab.Add{Host: "file", Path: "/data/file"}, false},
		{"a host path with a colon", "/a:b/file:/data", lab.Add{Host: "/a:b/file", Path: "/data"}, false},
		{"a guest path that isn't clean", "file:/data/../etc/x/", lab.Add{Host: "file", Path: "/etc/x"}, false},
		{"a relative guest path", "file:data", lab.Add{}, true},
		{"no guest path", "file", lab.Add{}, true},
		{"no host path", ":/data", lab.Add{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseAdd(tt.text)
			if (err != nil) != tt.fails {
				t.Fatalf("error is %v, want one: %v", err, tt.fails)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("addition (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForwardsAreHostAndGuestPorts(t *testing.T) {
	tests := []struct {
		name, text string
		want       lab.Forward
		fails      bool
	}{
		{"two ports", "8080:80", lab.Forward{Host: 8080, Guest: 80}, false},
		{"one port", "8080", lab.Forward{}, true},
		{"port zero", "0:80", lab.Forward{}, true},
		{"a port beyond the last", "65536:80", lab.Forward{}, true},
		{"a name", "http:80", lab.Forward{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseForward(tt.text)
			if (err != nil) != tt.fails {
				t.Fatalf("error is %v, want one: %v", err, tt.fails)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("forward (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlagsEndWhereTheCommandBegins(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"after two dashes", []string{"--kernel", "6.12", "--", "ls", "--all"}, []string{"ls", "--all"}},
		{"at the first word", []string{"--kernel", "6.12", "ls", "--kernel", "x"}, []string{"ls", "--kernel", "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f vmFlags
			cmd := newVMCommand()
			cmd.ResetFlags()
			cmd.Flags().SetInterspersed(false)
			f.register(cmd)
			if err := cmd.ParseFlags(tt.args); err != nil {
				t.Fatal(err)
			}
			config, err := f.parse(cmd.Flags().Args())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, config.Command); diff != "" || config.Kernel != "6.12" {
				t.Errorf("kernel is %s, command (-want +got):\n%s", config.Kernel, diff)
			}
		})
	}
}

func FuzzParseAdd(f *testing.F) {
	f.Add("file:/data")
	f.Add("/a:b:/c:/d")
	f.Fuzz(func(t *testing.T, text string) {
		add, err := parseAdd(text)
		if err == nil && (add.Host == "" || add.Path[0] != '/') {
			t.Errorf("%q gives %+v", text, add)
		}
	})
}
