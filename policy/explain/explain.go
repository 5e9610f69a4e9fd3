package explain

import (
	"fmt"
	"io/fs"

	"kubearmor.io/policy"
	"kubearmor.io/policy/protected"
)

// Ask answers a question about processes that the profile concerns. root is the container's
// root, or nil: then names stand as asked, and an exec is judged by its first image alone.
func Ask(p *policy.Profile, root fs.ReadLinkFS, q Question) (Answer, error) {
	a := asker{root: root, question: q, answer: Answer{Question: q, Profile: p}}
	if err := a.source(); err != nil {
		return Answer{}, err
	}
	var err error
	switch q.Verb {
	case Exec:
		err = a.exec()
	case Read, Write:
		err = a.file()
	case Net, Connect, Bind, Accept:
		a.network()
	case Cap:
		op := a.operation(policy.OpCapability)
		op.Capability = q.Capability
		a.judge("capability "+q.Capability.String(), op)
	case Syscall:
		op := a.operation(policy.OpSyscall)
		op.Syscall = q.Syscall
		a.judge("system call "+q.Syscall, op)
	default:
		err = fmt.Errorf("%q is no operation: write one of %s", q.Verb, joinVerbs())
	}
	if err != nil {
		return Answer{}, err
	}
	a.answer.decide()
	a.protected()
	return a.answer, nil
}

// protected notes that a host does not carry out a denial of what it needs itself.
func (a *asker) protected() {
	step := a.answer.Deciding()
	if !a.answer.Profile.Host || step.Decision.Verdict != policy.Denied {
		return
	}
	if e, ok := protected.Covers(step.Operation); ok {
		a.note("hosts allow this all the same, because it belongs to what they never deny (%s), unless protectSystem is false", e.Role)
	}
}

// asker collects the steps of one answer.
type asker struct {
	root     fs.ReadLinkFS
	question Question
	from     policy.Names // the source, resolved
	answer   Answer
}

func (a *asker) source() error {
	if a.question.Source == "" {
		return nil
	}
	if err := checkPath(a.question.Source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	name, err := target(a.root, a.question.Source)
	a.from = policy.Name(name)
	return err
}

func (a *asker) operation(kind policy.OpKind) *policy.Operation {
	return &policy.Operation{Kind: kind, Source: a.from, Owner: a.question.Owner, TTY: a.question.TTY}
}

func (a *asker) judge(about string, op *policy.Operation) {
	a.answer.Steps = append(a.answer.Steps, Step{About: about, Operation: op, Decision: policy.Decide(a.answer.Profile, op)})
}

func (a *asker) note(format string, args ...any) {
	a.answer.Notes = append(a.answer.Notes, fmt.Sprintf(format, args...))
}

func (a *asker) file() error {
	kind := policy.OpRead
	if a.question.Verb == Write {
		kind = policy.OpWrite
	}
	op := a.operation(kind)
	var err error
	op.Names, op.OtherTask, err = a.judged(a.question.Path)
	if err != nil {
		return err
	}
	a.judge(string(a.question.Verb)+" "+op.Names.Origin[0], op)
	return nil
}

// network judges the socket that a connection needs before the connection itself.
func (a *asker) network() {
	q := &a.question
	s, _ := socketOf(q.Protocol, wantsV6(q.Address))
	step := func(kind policy.OpKind, about string) {
		op := a.operation(kind)
		op.Family, op.SockType, op.Protocol, op.Address = s.family, s.kind, s.protocol, q.Address
		a.judge(about, op)
	}
	if q.Verb != Accept { // the socket that accepts has been made and bound before
		step(policy.OpSocket, "create a socket of "+q.Protocol)
	}
	switch q.Verb {
	case Connect:
		step(policy.OpConnect, "connect to "+q.Address.String())
	case Bind:
		step(policy.OpBind, "bind to "+q.Address.String())
	case Accept:
		step(policy.OpAccept, "accept on "+q.Address.String())
	}
	a.answer.main = len(a.answer.Steps) - 1
}
