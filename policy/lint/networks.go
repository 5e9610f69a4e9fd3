package lint

import (
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// networks finds allow-lists that leave out what programs take for granted.
func (c *checker) networks() {
	if !c.hasAllowList(policy.Network) {
		return
	}
	if _, denied := c.denied(explain.Question{Verb: explain.Net, Protocol: "udp"}); denied {
		c.add(NoUDP, Note, "spec.network", "allow udp, or the addresses of the name servers, if programs look names up", "allows no udp: names can't be looked up, because DNS uses it")
	}
	_, raw := c.denied(explain.Question{Verb: explain.Net, Protocol: "raw"})
	i := slices.IndexFunc(c.rules(), func(r policy.ProfileRule) bool {
		icmp := r.Match.Protocol == policy.ProtoICMP || r.Match.Protocol == policy.ProtoICMPv6
		return r.Match.Kind == policy.MatchProtocol && icmp && r.Action == policy.Allow
	})
	if i >= 0 && raw {
		c.add(PingNeedsRaw, Note, c.rules()[i].Field, "allow raw if ping fails, knowing that raw sockets can forge packets",
			"allows datagram sockets of %s alone: a ping that opens a raw socket fails", c.rules()[i].Match.Protocol)
	}
}
