package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// A program that is attached is called for every task of the node, also where no policy has a rule
// about what it judges: for each message that is sent, for each capability that the kernel asks for, for
// each system call. Such programs are attached when the first profile needs them.

// group is programs that are attached together.
type group struct {
	flag     uint32   // of the images that need them
	does     string   // for errors
	programs []string // in the order in which they are attached
	// stays: once attached they stay until an agent takes over and finds that nobody needs them.
	// Taking a program off a hook takes the kernel a time in which no container could start.
	stays bool
}

func groups() []group {
	return []group{
		{image.FlagSyscalls, "watch system calls", []string{"leave_syscall", "enter_syscall"}, false},
		{image.FlagNetwork, "judge the making of sockets", []string{"check_socket"}, true},
		{image.FlagEgress, "judge connecting and sending", []string{"check_connect", "check_send"}, true},
		{image.FlagIngress, "judge binding and accepting", []string{"check_accept", "check_bind", "check_listen"}, true},
		{image.FlagCapabilities, "judge capabilities", []string{"check_capability"}, true},
	}
}

// watchers are the programs that see every system call.
func watchers() []string { return groups()[0].programs }

// onDemand are the programs of all groups.
func onDemand() []string {
	var all []string
	for _, g := range groups() {
		all = append(all, g.programs...)
	}
	return all
}

func isOnDemand(name string) bool { return slices.Contains(onDemand(), name) }

// need is what profiles need attached.
type need struct {
	flags uint32 // of their images
	calls calls  // that they name
}

func needOf(img *image.Image) need {
	return need{img.Words[image.HeaderFlags], image.Syscalls(img.Words)}
}

func (n *need) add(other need) {
	n.flags |= other.flags
	n.calls.add(other.calls)
}

// heed has attached what profiles in force need, and one that is about to be: it is called before
// that one comes into force, and without it after another one is gone. Before the programs
// judge at all it attaches nothing; attachJudges calls it again.
func (e *Enforcer) heed(next ...*installed) error {
	return e.attachNeeded(false, next...)
}

// heedAlone is heed for an agent that takes over: what nobody needs goes, whatever it is.
func (e *Enforcer) heedAlone() error { return e.attachNeeded(true) }

func (e *Enforcer) attachNeeded(alone bool, next ...*installed) error {
	var all need
	for _, c := range e.containers {
		if c.profile != nil {
			all.add(c.profile.need)
		}
	}
	for _, in := range next {
		all.add(in.need)
	}
	for i := range all.calls {
		atomic.StoreUint64(&e.node.Syscalls[i], all.calls[i])
	}
	for _, g := range groups() {
		var err error
		if all.flags&g.flag != 0 {
			err = e.attachGroup(g)
		} else if alone || !g.stays {
			err = e.detachGroup(g)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", g.does, err)
		}
	}
	return nil
}

func (e *Enforcer) attachGroup(g group) error {
	for _, name := range g.programs {
		if e.asked[name] != nil || !e.judging {
			continue
		}
		p := e.objects.programs[name]
		if p == nil {
			return fmt.Errorf("this kernel has nothing to attach %s to", name)
		}
		l, err := attachProgram(p)
		if err == nil {
			err = errors.Join(e.guard([]link.Link{l}), e.pinned.pinLink(name, l))
		}
		if err != nil {
			if l != nil {
				err = errors.Join(err, l.Close())
			}
			return fmt.Errorf("attach %s: %w", name, err)
		}
		e.asked[name] = l
	}
	return nil
}

// detachGroup ends what is attached: what is not pinned and not open is gone.
func (e *Enforcer) detachGroup(g group) error {
	var errs []error
	for _, name := range g.programs {
		if l := e.asked[name]; l != nil {
			errs = append(errs, e.unguard(l), e.pinned.unpinLink(name), l.Close())
			delete(e.asked, name)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("no longer: %w", err)
	}
	return nil
}

func attachProgram(p *ebpf.Program) (link.Link, error) {
	if p.Type() == ebpf.LSM {
		return link.AttachLSM(link.LSMOptions{Program: p})
	}
	return link.AttachTracing(link.TracingOptions{Program: p})
}

// unguard forgets a link that ends: others have other numbers.
func (e *Enforcer) unguard(l link.Link) error {
	info, err := l.Info()
	if err != nil {
		return err
	}
	err = e.objects.Guarded.Delete(bpf.EnforcerGuardedKey{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_LINK), Id: uint32(info.ID)})
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	return err
}

// pinLink pins the link of a program that is attached on demand, if the set is pinned.
func (p pinned) pinLink(name string, l link.Link) error {
	if p.dir == "" {
		return nil
	}
	if err := l.Pin(p.link(name)); err != nil {
		return fmt.Errorf("pin its link: %w", err)
	}
	return nil
}

func (p pinned) unpinLink(name string) error {
	if p.dir == "" {
		return nil
	}
	if err := os.Remove(p.link(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
