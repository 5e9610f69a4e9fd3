package policy

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// schemaAt returns the part of the CRD's schema for the field of a policy, list
// entries written as [].
func schemaAt(t *testing.T, field string) map[string]any {
	t.Helper()
	data, err := os.ReadFile("../config/crd/bases/security.kubearmor.com_kubearmorpolicies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema map[string]any `yaml:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	for _, name := range strings.Split(field, ".") {
		plain, isList := strings.CutSuffix(name, "[]")
		schema = schema["properties"].(map[string]any)[plain].(map[string]any)
		if isList {
			schema = schema["items"].(map[string]any)
		}
	}
	return schema
}

// The API server must not refuse what Parse accepts: where a schema lists words or
// says what a path looks like, it says the same.
func TestSchemaOfTheAPIAgreesWithParse(t *testing.T) {
	long := "/" + strings.Repeat("a", MaxPathLength-1)
	tests := []struct {
		field          string
		accept, refuse []string
	}{
		{"spec.capabilities.matchCapabilities[].capability", capabilityNames[:], []string{"net_rawx", "xnet_raw", ""}},
		{"spec.capabilities.matchCapabilities[].capability", []string{"CAP_NET_RAW", "Net_Raw"}, nil},
		{"spec.network.matchProtocols[].protocol", strings.Split(joinProtocols(Protocols()), ", "), []string{"quic", "tcpx", "xtcp"}},
		{"spec.network.matchProtocols[].protocol", []string{"TCP", "ICMPv6"}, nil},
		{"spec.network.matchEndpoints[].protocol", []string{"tcp", "UDP", "sctp"}, []string{"icmp", "all"}},
		{"spec.network.matchEndpoints[].cidr", []string{"10.0.0.0/8", "2001:db8::1", "::/0"}, []string{"localhost", "10.0.0.0/8 "}},
		{"spec.process.matchPaths[].path", []string{"/a", "/..a/.b/...", `/a\*`, "/usr/*/bin", "/a\nb", long}, []string{"a", "/", "/a/", "/a//b", "/a/./b", "/a/..", "/a\x00"}},
		{"spec.file.matchPaths[].path", []string{"/a"}, []string{"a", "/a/"}},
		{"spec.file.matchDirectories[].dir", []string{"/", "/a", "/a/", "/a/..b/"}, []string{"a/", "//", "/a//", "/a/../"}},
		{"spec.process.matchPaths[].fromSource[].dir", []string{"/", "/a/"}, []string{"a/"}},
		{"spec.process.matchPaths[].fromSource[].path", []string{"/a"}, []string{"/a/"}},
		{"spec.process.matchPaths[].execname", []string{"apt", "a b"}, []string{"/bin/apt", ""}},
		{"spec.process.matchPatterns[].pattern", []string{"/a*", "**/python*", "**"}, []string{"*.conf", ""}},
		{"spec.syscalls.matchPaths[].path", []string{"/", "/a", "/a/"}, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			schema := schemaAt(t, tt.field)
			pattern := regexp.MustCompile(schema["pattern"].(string))
			for _, s := range tt.accept {
				if limit, ok := schema["maxLength"].(int); !pattern.MatchString(s) || ok && len(s) > limit {
					t.Errorf("the schema refuses %.80q", s)
				}
			}
			for _, s := range tt.refuse {
				if pattern.MatchString(s) {
					t.Errorf("the schema accepts %q", s)
				}
			}
		})
	}
}

func TestLimitsOfTheSchemaAreThoseOfParse(t *testing.T) {
	for _, tt := range []struct {
		field, limit string
		want         int
	}{
		{"spec.process.matchPaths", "maxItems", MaxRules},
		{"spec.file.matchDirectories", "maxItems", MaxRules},
		{"spec.network.matchEndpoints", "maxItems", MaxRules},
		{"spec.process.matchPaths[].fromSource", "maxItems", MaxSources},
		{"spec.process.matchPaths[].allowedArgs", "maxItems", MaxAllowedArgs},
		{"spec.network.matchProtocols", "maxItems", MaxRules},
		{"spec.capabilities.matchCapabilities", "maxItems", MaxRules},
		{"spec.syscalls.matchPaths", "maxItems", MaxRules},
		{"spec.presets", "maxItems", MaxPresets},
		{"spec.network.matchEndpoints[].ports", "maxItems", MaxPorts},
		{"spec.syscalls.matchSyscalls[].syscall", "maxItems", MaxSyscalls},
		{"spec.selector.matchLabels", "maxProperties", MaxValues},
		{"spec.selector.matchExpressions", "maxItems", MaxExpressions},
		{"spec.selector.matchExpressions[].values", "maxItems", MaxValues},
		{"spec.tags", "maxItems", MaxTags},
		{"spec.message", "maxLength", MaxTextLength},
		{"spec.process.matchPaths[].path", "maxLength", MaxPathLength},
		{"spec.process.matchPatterns[].pattern", "maxLength", MaxPathLength},
	} {
		if got := schemaAt(t, tt.field)[tt.limit]; got != tt.want {
			t.Errorf("%s of %s is %v, want %d", tt.limit, tt.field, got, tt.want)
		}
	}
}

// A field that the API server pruned would make a different policy of a misspelt one.
func TestSchemaKeepsUnknownFields(t *testing.T) {
	for _, field := range []string{"spec", "spec.selector", "spec.selector.matchExpressions[]", "spec.process", "spec.process.matchPaths[]", "spec.process.matchPaths[].fromSource[]",
		"spec.file.matchDirectories[]", "spec.network.matchEndpoints[]", "spec.network.matchDNSQueries[]", "spec.capabilities.matchCapabilities[]", "spec.syscalls.matchSyscalls[]", "spec.presets[]", "spec.device.matchDevice[]"} {
		if schemaAt(t, field)["x-kubernetes-preserve-unknown-fields"] != true {
			t.Errorf("%s is pruned", field)
		}
	}
}
