package explain

import (
	"fmt"
	"strings"

	"kubearmor.io/policy"
)

// ParsePostures reads default postures: `block` or `audit` for all categories, or a list
// such as `audit,network=block`. As in the configuration, process where it is not named is
// file's, and without any, everything is `block`.
func ParsePostures(text string) (policy.Postures, error) {
	var p policy.Postures
	if text == "" {
		return p, nil
	}
	processSet := false
	for _, item := range strings.Split(text, ",") {
		category, value, named := strings.Cut(strings.TrimSpace(item), "=")
		if !named {
			category, value = "", category
		}
		posture, ok := map[string]policy.Posture{"block": policy.PostureBlock, "audit": policy.PostureAudit}[value]
		if !ok {
			return p, fmt.Errorf("%q is no posture: write block or audit", value)
		}
		switch category {
		case "":
			p, processSet = policy.Postures{posture, posture, posture, posture}, true
		case "process":
			p[policy.Process], processSet = posture, true
		case "file":
			p[policy.File] = posture
			if !processSet {
				p[policy.Process] = posture
			}
		case "network":
			p[policy.Network] = posture
		case "capabilities":
			p[policy.Capabilities] = posture
		default:
			return p, fmt.Errorf("%q has no default posture: write process, file, network or capabilities", category)
		}
	}
	return p, nil
}

// ParseBaseline reads the setting of the file baseline: `runtime`, or `none` to leave it out.
func ParseBaseline(text string) (without bool, err error) {
	switch text {
	case "", "runtime":
		return false, nil
	case "none":
		return true, nil
	}
	return false, fmt.Errorf("%q is no file baseline: write runtime or none", text)
}
