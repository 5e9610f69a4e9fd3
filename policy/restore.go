package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// RestoreProfile reads the canonical bytes of a profile back. The result has the same
// canonical bytes, or there is an error: bytes of a version that wrote more, or less, than
// this one reads are refused rather than taken for another profile.
func RestoreProfile(canonical []byte) (*Profile, error) {
	text, odd, _ := bytes.Cut(canonical, []byte("\n"))
	var p Profile
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("restore a profile: %w", err)
	}
	if err := p.restoreOddNames(odd); err != nil {
		return nil, fmt.Errorf("restore a profile: %w", err)
	}
	for i := range p.Policies {
		for r := range p.Policies[i].Rules {
			if err := p.Policies[i].Rules[r].restore(r); err != nil {
				return nil, fmt.Errorf("restore a profile: %w", err)
			}
		}
	}
	p.Baseline = shareLines(resolveLines(p.Baseline, nil))
	if !bytes.Equal(p.Canonical(), canonical) {
		return nil, errors.New("restore a profile: it is of another version")
	}
	return &p, nil
}

// restore prepares a rule that is resolved already for matching. Rules with equal keys stand in
// the order of their object, so their place says as much as their position there.
func (r *ProfileRule) restore(place int) error {
	again, err := resolveRule(r.Rule, place, nil)
	if err != nil {
		return err
	}
	again.LinkPath, again.LinkName = r.LinkPath, r.LinkName
	*r = again
	return nil
}

// restoreOddNames puts the names back that JSON can't hold.
func (p *Profile) restoreOddNames(lines []byte) error {
	for line := range bytes.SplitSeq(lines, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var i, r, n int
		var quoted string
		if _, err := fmt.Sscanf(string(line), "%d %d %d %s", &i, &r, &n, &quoted); err != nil {
			return fmt.Errorf("a name: %w", err)
		}
		quoted = string(bytes.SplitN(line, []byte(" "), 4)[3])
		name, err := strconv.Unquote(quoted)
		if err != nil || i < 0 || i >= len(p.Policies) || r < 0 || r >= len(p.Policies[i].Rules) {
			return fmt.Errorf("a name: %q", line)
		}
		if !p.Policies[i].Rules[r].setResolvedName(n, name) {
			return fmt.Errorf("a name: %q", line)
		}
	}
	return nil
}

// setResolvedName is the inverse of resolvedNames.
func (r *ProfileRule) setResolvedName(n int, name string) bool {
	switch {
	case n == 0:
		r.Match.Path = name
	case n == 1:
		r.LinkPath = name
	case n < 0 || n-2 >= 2*len(r.FromSource):
		return false
	case n%2 == 0:
		r.FromSource[(n-2)/2].Path = name
	default:
		r.FromSource[(n-2)/2].Dir = name
	}
	return true
}
