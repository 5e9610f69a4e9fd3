package policy

import "strings"

// misplaced says what to do with a field that exists, but not in the object of type
// typeName; "" if there is nothing particular to say.
func misplaced(typeName, key string) string {
	pathRule := strings.HasPrefix(typeName, "Process") || strings.HasPrefix(typeName, "File")
	hostPolicy := strings.Contains(typeName, "HostPolicy")
	switch {
	case key == "selector" && hostPolicy:
		return "a host policy has nodeSelector"
	case key == "nodeSelector" && strings.HasSuffix(typeName, "PolicySpec"):
		return "use selector, or kind KubeArmorHostPolicy"
	case key == "matchExpressions" && typeName == "NodeSelector":
		return "a nodeSelector takes matchLabels only"
	case key == "path" && pathRule:
		return "move the rule to matchPaths"
	case key == "execname":
		return "only spec.process.matchPaths takes it"
	case key == "dir" && pathRule:
		return "move the rule to matchDirectories"
	case key == "pattern" && pathRule:
		return "move the rule to matchPatterns"
	case key == "recursive" && pathRule:
		return "it goes with dir: move the rule to matchDirectories, or remove it"
	case key == "readOnly":
		return "it is about opening files: move the rule to spec.file, or remove it"
	case key == "ownerOnly":
		return "only process and file rules take it: remove it"
	case key == "allowedArgs":
		return "only process rules take it: remove it"
	}
	return ""
}
