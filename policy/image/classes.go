package image

import (
	"kubearmor.io/policy"
	"kubearmor.io/policy/socket"
)

// plainClasses are representatives of the socket classes, in the order of SocketTCP and following.
var plainClasses = [...]struct{ sockType, protocol int }{
	SocketTCP:           {socket.Stream, socket.TCP},
	SocketUDP:           {socket.Dgram, socket.UDP},
	SocketICMP:          {socket.Dgram, socket.ICMP},
	SocketICMPv6:        {socket.Dgram, socket.ICMPv6},
	SocketSCTP:          {socket.Stream, socket.SCTP},
	SocketOtherProtocol: {socket.Dgram, socket.RawProtocol},
}

func socketOf(class int) (family, sockType, protocol int) {
	switch {
	case class < SocketRaw:
		return socket.Inet, plainClasses[class].sockType, plainClasses[class].protocol
	case class < SocketPacket:
		return socket.Inet, socket.Raw, plainClasses[class-SocketRaw].protocol
	case class == SocketPacket:
		return socket.Packet, socket.Raw, 0
	case class == SocketXDP:
		return socket.XDP, socket.Raw, 0
	}
	return socket.VSock, socket.Stream, 0 // for every other family
}

// socketWords compiles the decision on creating a socket of each class.
func (c *compiler) socketWords() []uint32 {
	words := make([]uint32, SocketClasses)
	for class := range words {
		op := policy.Operation{Kind: policy.OpSocket}
		op.Family, op.SockType, op.Protocol = socketOf(class)
		words[class] = c.callerWord(op)
	}
	return words
}

// capabilityWords compiles the decision on each capability; numbers that no rule can name
// get the posture of the allow-lists.
func (c *compiler) capabilityWords() []uint32 {
	words := make([]uint32, CapabilityWords)
	for n := range words {
		words[n] = c.callerWord(policy.Operation{Kind: policy.OpCapability, Capability: policy.Capability(n)})
	}
	return words
}

// callerWord compiles an operation that is known but for its caller.
func (c *compiler) callerWord(op policy.Operation) uint32 {
	var a asks
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			rule := &c.profile.Policies[i].Rules[r]
			if rule.Category == op.Kind.Category() && policy.BPF().Enforces(rule) {
				a.rule(c, rule)
			}
		}
	}
	a.owner = false // nobody owns what is no file
	return c.decide(a, func(who caller) policy.Decision {
		op.TTY, op.Source = who.tty, who.source
		return policy.DecideWhere(c.profile, &op, policy.BPF().Enforces)
	})
}

// memoryWord compiles the decision on making memory executable, which is the same for all callers.
func (c *compiler) memoryWord() uint32 {
	return c.outcomes.number(policy.DecideWhere(c.profile, &policy.Operation{Kind: policy.OpAnonExec}, policy.BPF().Enforces))
}

// handleWord compiles what opening by handle adds to the decision on a file.
func (c *compiler) handleWord(kind policy.OpKind) uint32 {
	none := func(int) int { return -1 }
	guard := c.profile.GuardsByHandle(kind, policy.BPF().Enforces)
	return c.outcomes.number(c.profile.Judge(kind, policy.Facts{Winner: none, Baseline: true, Guard: guard}))
}
