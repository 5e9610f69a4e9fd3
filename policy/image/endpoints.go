package image

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// Rules on endpoints become two automata, over IPv4 and over IPv6 endpoints: the bytes of the
// address, then the two of the port. What they accept is a row of the endpoint table. Direction and
// socket class, which the hook knows without looking at bytes, are its columns; those that no
// rule tells apart share one.

// maxEndpointWords bounds the endpoint table: sets of rules × columns.
const maxEndpointWords = 1 << 18

// Families of endpoints.
const (
	endpoint4 = iota
	endpoint6
	endpointFamilies
)

const portBytes = 2

// column is what an operation on an endpoint is but for the endpoint and the caller.
type column struct{ direction, class int }

// operation returns an operation of the column, without address and caller.
func (col column) operation() policy.Operation {
	op := policy.Operation{Kind: policy.OpConnect}
	if col.direction == DirectionIngress {
		op.Kind = policy.OpBind
	}
	op.Family, op.SockType, op.Protocol = socketOf(col.class)
	return op
}

// columns lists what rules may tell apart, in the order of the image's list of columns.
func columns() []column {
	var all []column
	for direction := range Directions {
		for class := range SocketClasses {
			all = append(all, column{direction, class})
		}
	}
	return all
}

// needsElsewhere returns the columns that a rule is not about as conditions of a claim: a rule
// asks for all that another asks for if it is about no column that the other leaves out. The
// classes that only fill the table up are left out, so that needsTTYEndpoint is free.
func needsElsewhere(r *policy.ProfileRule) (bits uint32) {
	bit := 0
	for _, col := range columns() {
		if col.class > SocketXDP {
			continue
		}
		if op := col.operation(); !r.MatchesUse(&op) {
			bits |= 1 << bit
		}
		bit++
	}
	return bits
}

// needsTTYEndpoint is needsTTY among the conditions of rules on endpoints.
const needsTTYEndpoint = 1 << 31

func (c *compiler) collectEndpoint(ref policy.RuleRef) {
	e := c.profile.At(ref).Match.Endpoint
	id := c.claims.sharedWith(ref, len(c.meanings))
	if id == len(c.meanings) {
		c.meanings = append(c.meanings, meaning{role: roleRule, ref: ref})
	} else {
		c.meanings[id].alike = append(c.meanings[id].alike, ref)
	}
	p := automaton.Pattern{ID: id, Kind: automaton.Sequence}
	c.claims.claim(&p, c.meanings[id].ref)
	for family, prefix := range prefixes(e.CIDR) {
		if !prefix.IsValid() {
			continue
		}
		for _, ports := range portIntervals(e.Ports) {
			p.Bytes = append(addressIntervals(prefix), ports[0], ports[1])
			c.endpoints[family] = append(c.endpoints[family], p)
		}
	}
}

// prefixes returns the prefix in each family that a rule is about: without one, all addresses.
func prefixes(cidr netip.Prefix) (of [endpointFamilies]netip.Prefix) {
	if !cidr.IsValid() {
		of[endpoint4] = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		of[endpoint6] = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	} else if cidr.Addr().Is4() {
		of[endpoint4] = cidr
	} else {
		of[endpoint6] = cidr
	}
	return of
}

func addressIntervals(p netip.Prefix) []automaton.Interval {
	var of []automaton.Interval
	for i, b := range p.Masked().Addr().AsSlice() {
		open := byte(0xff >> min(8, max(0, p.Bits()-8*i)))
		of = append(of, automaton.Interval{Lo: b, Hi: b | open})
	}
	return of
}

// portIntervals returns ports as pairs of intervals, one for each byte; of no ranges, all.
func portIntervals(ranges []policy.PortRange) [][portBytes]automaton.Interval {
	if len(ranges) == 0 {
		return [][portBytes]automaton.Interval{{automaton.AnyByte, automaton.AnyByte}}
	}
	var pairs [][portBytes]automaton.Interval
	add := func(first, last uint16) {
		pairs = append(pairs, [portBytes]automaton.Interval{{Lo: byte(first >> 8), Hi: byte(last >> 8)}, {Lo: byte(first), Hi: byte(last)}})
	}
	for _, r := range union(ranges) {
		first, last := r.First, r.Last
		if first>>8 < last>>8 && first&0xff != 0 {
			add(first, first|0xff)
			first = first&0xff00 + 0x100
		}
		if first>>8 < last>>8 && last&0xff != 0xff {
			add(first, last&0xff00-1)
			first = last & 0xff00
		}
		add(first, last)
	}
	return pairs
}

// union returns the ranges in order, those that touch as one.
func union(ranges []policy.PortRange) []policy.PortRange {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b policy.PortRange) int { return int(a.First) - int(b.First) })
	out := sorted[:1]
	for _, r := range sorted[1:] {
		if last := &out[len(out)-1]; int(r.First) <= int(last.Last)+1 {
			last.Last = max(last.Last, r.Last)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// endpointTable holds the decisions on endpoints.
type endpointTable struct {
	columns []uint32 // the column of the table for each of columns()
	width   uint32
	words   []uint32 // [row][column]: the sets for IPv4, those for IPv6, one without an address
	rows6   uint32   // where those for IPv6 begin
	rows    uint32
}

// free returns, as bits by the order of columns(), what is allowed and not reported whatever the endpoint.
func (t *endpointTable) free() (bits uint32) {
	for i, col := range t.columns {
		judged := false
		for row := range t.rows {
			judged = judged || t.words[row*t.width+col] != 0
		}
		if !judged {
			bits |= 1 << i
		}
	}
	return bits
}

// network is what the compiler knows of the network rules once.
type network struct {
	rules     []policy.RuleRef // that are enforced
	protocols []policy.RuleRef // of those, the ones on protocols
	anywhere  []policy.RuleRef // the ones that match an endpoint without an address
}

func (c *compiler) network() network {
	var n network
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			ref := policy.RuleRef{Policy: i, Rule: r}
			rule := c.profile.At(ref)
			if rule.Category != policy.Network || !policy.BPF().Enforces(rule) {
				continue
			}
			n.rules = append(n.rules, ref)
			switch e := rule.Match.Endpoint; {
			case rule.Match.Kind == policy.MatchProtocol:
				n.protocols = append(n.protocols, ref)
			case rule.Action != policy.Allow && !e.CIDR.IsValid() && len(e.Ports) == 0:
				n.anywhere = append(n.anywhere, ref)
			}
		}
	}
	return n
}

// endpointWords fills the table for the sets of both automata.
func (c *compiler) endpointWords(automata [endpointFamilies]*automaton.Automaton) (endpointTable, error) {
	n := c.network()
	var t endpointTable
	distinct := c.distinctColumns(n, &t)
	t.width = uint32(len(distinct))
	t.rows6 = uint32(automata[endpoint4].NumSets())
	t.rows = t.rows6 + uint32(automata[endpoint6].NumSets()) + 1
	if size := int(t.rows) * len(distinct); size > maxEndpointWords {
		return t, &TooComplexError{Problem: fmt.Sprintf("endpoint rules need %d decisions, the limit is %d: use fewer rules, or fewer protocols and directions", size, maxEndpointWords)}
	}
	row := func(refs []policy.RuleRef) {
		for _, col := range distinct {
			t.words = append(t.words, c.endpointWord(n, col, refs))
		}
	}
	for _, a := range automata {
		for set := range a.NumSets() {
			var refs []policy.RuleRef
			for _, id := range a.Set(automaton.SetID(set)) {
				refs = append(refs, c.meanings[id].ref)
			}
			row(refs)
		}
	}
	row(n.anywhere)
	return t, nil
}

// distinctColumns finds the columns that rules tell apart, and numbers all by them.
func (c *compiler) distinctColumns(n network, t *endpointTable) (distinct []column) {
	numbers := map[string]uint32{}
	for _, col := range columns() {
		op := col.operation()
		about := make([]byte, (len(n.rules)+7)/8)
		for i, ref := range n.rules {
			if c.profile.At(ref).MatchesUse(&op) {
				about[i/8] |= 1 << (i % 8)
			}
		}
		number, ok := numbers[string(about)]
		if !ok {
			number = uint32(len(distinct))
			numbers[string(about)] = number
			distinct = append(distinct, col)
		}
		t.columns = append(t.columns, number)
	}
	return distinct
}

// endpointWord compiles the decision on an endpoint that rules are about, for a column.
func (c *compiler) endpointWord(n network, col column, endpoints []policy.RuleRef) uint32 {
	op := col.operation()
	var refs []policy.RuleRef
	for _, list := range [][]policy.RuleRef{n.protocols, endpoints} {
		for _, ref := range list {
			if c.profile.At(ref).MatchesUse(&op) {
				refs = append(refs, ref)
			}
		}
	}
	var a asks
	for _, ref := range refs {
		a.rule(c, c.profile.At(ref))
	}
	a.owner = false // nobody owns an address
	return c.decide(a, func(who caller) policy.Decision {
		op.TTY, op.Source = who.tty, who.source
		w := winners{}
		for _, ref := range refs {
			if c.profile.At(ref).MatchesCaller(&op) {
				w.add(ref)
			}
		}
		return c.profile.Judge(op.Kind, policy.Facts{Winner: w.of})
	})
}

// EndpointBytes returns what the automata read of an endpoint: nothing where there is no
// address. An IPv4 address in IPv6 form is one of IPv4.
func EndpointBytes(at netip.AddrPort) []byte {
	if !at.Addr().IsValid() {
		return nil
	}
	return binary.BigEndian.AppendUint16(at.Addr().Unmap().AsSlice(), at.Port())
}
