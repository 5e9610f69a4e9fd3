package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
)

// table is one file of testdata/decide: a group of paragraphs of the contract.
type table struct {
	Says   string  `yaml:"says"`
	Groups []group `yaml:"groups"`
}

// group is some policies and what they mean for a number of operations.
type group struct {
	// Sentences are the IDs of the sentences that the cases test (decide_sentences_test.go).
	Sentences []string `yaml:"sentences"`
	// Says repeats them in short.
	Says     string           `yaml:"says"`
	Root     *tableRoot       `yaml:"root"`
	Options  tableOptions     `yaml:"options"`
	Policies []map[string]any `yaml:"policies"`
	Cases    []tableCase      `yaml:"cases"`
}

// tableRoot is the container's root: names of files and directories, and links.
type tableRoot struct {
	Files []string          `yaml:"files"`
	Links map[string]string `yaml:"links"`
}

type tableOptions struct {
	Host     bool              `yaml:"host"`
	Postures map[string]string `yaml:"postures"`
	Baseline bool              `yaml:"baseline"`
	Audited  bool              `yaml:"audited"`
}

// tableCase is one operation, one target of selection, or a refusal of the policies.
type tableCase struct {
	Name      string       `yaml:"name"`
	Op        *tableOp     `yaml:"op"`
	Target    *tableTarget `yaml:"target"`
	Attribute string       `yaml:"attribute"` // of the first rule: action, severity, tags or message
	Want      string       `yaml:"want"`
	Refused   string       `yaml:"refused"` // part of the error that refuses the policies
}

type tableTarget struct {
	Host      bool              `yaml:"host"`
	HostName  string            `yaml:"hostName"`
	Namespace string            `yaml:"namespace"`
	Labels    map[string]string `yaml:"labels"`
	Container string            `yaml:"container"`
}

// tableOp holds all fields of Operation. Name and fullNames exclude each other, and so do
// source and fullSource, to and fullTo. An exec that says nothing else is started by the
// last component of its name.
type tableOp struct {
	Kind           string     `yaml:"kind"`
	Name           string     `yaml:"name"`
	FullNames      tableNames `yaml:"fullNames"`
	Source         string     `yaml:"source"`
	FullSource     tableNames `yaml:"fullSource"`
	Owner          bool       `yaml:"owner"`
	TTY            bool       `yaml:"tty"`
	StartedBy      string     `yaml:"startedBy"`
	ByDescriptor   bool       `yaml:"byDescriptor"`
	Args           []string   `yaml:"args"`
	ArgsUnreadable bool       `yaml:"argsUnreadable"`
	Entered        bool       `yaml:"entered"`
	NotFile        bool       `yaml:"notFile"`
	OtherTask      bool       `yaml:"otherTask"`
	ByHandle       bool       `yaml:"byHandle"`
	SetUp          bool       `yaml:"setUp"`
	Change         string     `yaml:"change"`
	Dir            bool       `yaml:"dir"`
	To             string     `yaml:"to"`
	FullTo         tableNames `yaml:"fullTo"`
	Family         string     `yaml:"family"`
	Type           string     `yaml:"type"`
	Protocol       int        `yaml:"protocol"`
	Address        string     `yaml:"address"`
	Capability     string     `yaml:"capability"`
	Silent         bool       `yaml:"silent"`
	Syscall        string     `yaml:"syscall"`
}

type tableNames struct {
	Origin  []string `yaml:"origin"`
	Seen    []string `yaml:"seen"`
	Cut     bool     `yaml:"cut"`
	Deleted bool     `yaml:"deleted"`
}

func TestDecisionsAreThoseOfTheContract(t *testing.T) {
	cases := 0
	covered := map[string]int{}
	for _, file := range tableFiles(t) {
		tab := readTable(t, file)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			for _, g := range tab.Groups {
				for _, s := range g.Sentences {
					covered[s] += len(g.Cases)
				}
				cases += len(g.Cases)
				t.Run(g.Says, g.run)
			}
		})
	}
	if cases < 600 {
		t.Errorf("the tables hold %d cases, the contract needs at least 600", cases)
	}
	checkCoverage(t, covered)
}

func tableFiles(t *testing.T) []string {
	files, err := filepath.Glob("testdata/decide/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables in testdata/decide: %v", err)
	}
	return files
}

func readTable(t *testing.T, file string) table {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tab table
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&tab); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return tab
}

func (g group) run(t *testing.T) {
	if g.Says == "" || len(g.Sentences) == 0 || len(g.Cases) == 0 {
		t.Fatal("a group needs says, sentences and cases")
	}
	policies, err := g.parse()
	if g.Cases[0].Refused == "" && err != nil {
		t.Fatalf("the policies are refused: %v", err)
	}
	var profile *Profile
	if err == nil {
		if profile, err = NewProfile(policies, g.options(t)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t, policies, profile, err) })
	}
}

func (c tableCase) run(t *testing.T, policies []*Policy, p *Profile, refusal error) {
	var got string
	switch {
	case c.Refused != "":
		if refusal == nil || !strings.Contains(refusal.Error(), c.Refused) {
			t.Errorf("the policies give error %v, want one with %q", refusal, c.Refused)
		}
		return
	case c.Op != nil:
		op := c.Op.operation(t)
		got = describe(p, Decide(p, &op))
	case c.Target != nil:
		got = selection(policies, *c.Target)
	case c.Attribute != "":
		got = attribute(policies[0].Rules[0], c.Attribute)
	default:
		t.Fatal("the case has neither op nor target, attribute or refused")
	}
	if got != c.Want {
		t.Errorf("got  %s\nwant %s", got, c.Want)
	}
}

// parse writes the policies as YAML and reads them as a user's are read. What every
// policy has alike is filled in.
func (g group) parse() ([]*Policy, error) {
	var all []string
	for _, spec := range g.Policies {
		object := map[string]any{"apiVersion": "security.kubearmor.com/v1", "kind": "KubeArmorPolicy", "spec": spec}
		meta := map[string]any{"name": "p"}
		for _, key := range []string{"kind", "name", "namespace"} {
			value, ok := spec[key]
			delete(spec, key)
			if ok && key == "kind" {
				object[key] = value
			} else if ok {
				meta[key] = value
			}
		}
		if object["kind"] == "KubeArmorPolicy" && meta["namespace"] == nil {
			meta["namespace"] = "shop"
		}
		object["metadata"] = meta
		out, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}
		all = append(all, string(out))
	}
	return Parse(strings.NewReader(strings.Join(all, "---\n")), "table")
}

func (g group) options(t *testing.T) Options {
	opt := Options{Host: g.Options.Host, NoBaseline: !g.Options.Baseline, Audited: g.Options.Audited}
	for name, value := range g.Options.Postures {
		c := indexOf(t, []string{"process", "file", "network", "capabilities"}, name)
		opt.Postures[c] = Posture(indexOf(t, []string{"block", "audit"}, value))
	}
	if g.Root != nil {
		opt.Root = g.Root.fs()
	}
	return opt
}

func (r *tableRoot) fs() fs.ReadLinkFS {
	m := fstest.MapFS{}
	for _, f := range r.Files {
		m[strings.TrimPrefix(f, "/")] = &fstest.MapFile{Mode: 0o755}
	}
	for name, target := range r.Links {
		m[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(target)}
	}
	return m
}

func (n tableNames) names(short string) Names {
	if short != "" {
		return Name(short)
	}
	return Names(n)
}

func (o tableOp) operation(t *testing.T) Operation {
	kinds := []string{"exec", "loader", "mapExec", "anonExec", "read", "write", "socket", "connect", "bind", "accept", "capability", "syscall"}
	changes := []string{"", "remove", "rename", "exchange", "link", "mount", "foreign"}
	op := Operation{
		Kind: OpKind(indexOf(t, kinds, o.Kind)), Names: o.FullNames.names(o.Name), Source: o.FullSource.names(o.Source),
		Owner: o.Owner, TTY: o.TTY, StartedBy: o.StartedBy, ByDescriptor: o.ByDescriptor, Args: o.Args, ArgsUnreadable: o.ArgsUnreadable,
		Entered: o.Entered, NotFile: o.NotFile, OtherTask: o.OtherTask, ByHandle: o.ByHandle, SetUp: o.SetUp,
		Change: Change(indexOf(t, changes, o.Change)), Dir: o.Dir, To: o.FullTo.names(o.To),
		Family: families()[o.Family], SockType: socketTypes()[o.Type], Protocol: o.Protocol, Silent: o.Silent, Syscall: o.Syscall,
	}
	if op.Kind == OpExec && op.StartedBy == "" && !op.ByDescriptor {
		op.StartedBy = path.Base(o.Name)
	}
	if op.Kind.Category() == Network && (op.Family == 0 || op.SockType == 0) {
		t.Fatalf("unknown family %q or type %q", o.Family, o.Type)
	}
	if o.Address != "" {
		op.Address = netip.MustParseAddrPort(o.Address)
	}
	if op.Kind == OpCapability {
		c, ok := ParseCapability(o.Capability)
		if !ok {
			t.Fatalf("%q is no capability", o.Capability)
		}
		op.Capability = c
	}
	return op
}

// Numbers as in include/linux/socket.h and include/linux/net.h.
func families() map[string]int {
	return map[string]int{"unix": 1, "inet": 2, "inet6": 10, "key": 15, "netlink": 16, "packet": 17, "can": 29,
		"alg": 38, "vsock": 40, "smc": 43, "xdp": 44}
}

func socketTypes() map[string]int {
	return map[string]int{"stream": 1, "dgram": 2, "raw": 3, "rdm": 4, "seqpacket": 5}
}

func indexOf(t *testing.T, list []string, s string) int {
	for i := range list {
		if list[i] == s {
			return i
		}
	}
	t.Fatalf("%q is none of %q", s, list)
	return 0
}

// describe renders all of a decision: a word for verdict and report, then what decided.
func describe(p *Profile, d Decision) string {
	words := map[[2]int]string{
		{int(Allowed), int(ReportNone)}: "allow", {int(Allowed), int(ReportAudit)}: "audit",
		{int(Allowed), int(ReportAuditBlock)}: "would deny", {int(Denied), int(ReportBlock)}: "deny",
		{int(Denied), int(ReportNone)}: "deny silently",
	}
	word, ok := words[[2]int{int(d.Verdict), int(d.Report)}]
	if !ok {
		word = fmt.Sprintf("verdict %d, report %d", d.Verdict, d.Report)
	}
	parts := []string{word + ":"}
	switch d.Reason {
	case ReasonRule:
		parts = append(parts, p.Policies[d.Policy].Ref.Name, strings.TrimPrefix(p.At(RuleRef{d.Policy, d.Rule}).Field, "spec."))
	case ReasonPosture:
		parts = append(parts, "posture of", p.Policies[d.Policy].Ref.Name)
	default:
		parts = append(parts, d.Reason.String())
	}
	for _, o := range d.Others {
		parts = append(parts, "and", p.Policies[o].Ref.Name)
	}
	if (d.Policy < 0) != (d.Reason == ReasonNoRule || d.Reason == ReasonBaseline) || (d.Rule < 0) != (d.Reason != ReasonRule) {
		parts = append(parts, fmt.Sprintf("(policy %d, rule %d)", d.Policy, d.Rule))
	}
	return strings.Join(parts, " ")
}

// selection names the policies that pick the target.
func selection(policies []*Policy, target tableTarget) string {
	var names []string
	for _, p := range policies {
		if p.Selects(Target(target)) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func attribute(r Rule, name string) string {
	values := map[string]any{"action": r.Action.String(), "severity": r.Severity, "tags": r.Tags, "message": r.Message}
	out, err := json.Marshal(values[name])
	if err != nil {
		return err.Error()
	}
	return strings.Trim(string(out), `"`)
}
