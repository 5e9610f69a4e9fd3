package bpflsm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// Events implements enforcer.Enforcer.
func (e *Enforcer) Events(ctx context.Context, handle func(enforcer.Event)) error {
	e.reading.Lock()
	defer e.reading.Unlock()
	// The context's end is told by Flush: the reader takes a new deadline only between two reads.
	stop := context.AfterFunc(ctx, func() { _ = e.reader.Flush() })
	defer stop()
	f := newFolding()
	for _, sample := range e.inherited {
		if err := e.handSample(f, &ringbuf.Record{RawSample: sample, Remaining: len(sample)}, handle); err != nil {
			return err
		}
	}
	e.inherited = nil
	var rec ringbuf.Record
	for {
		e.reader.SetDeadline(time.Now().Add(foldInterval))
		err := e.reader.ReadInto(&rec)
		switch {
		case errors.Is(err, ringbuf.ErrClosed):
			return nil
		case ctx.Err() != nil && errors.Is(err, ringbuf.ErrFlushed):
			return e.collectRepeats(f, true, handle) // what was in the buffer has been read
		case err == nil:
			if err := e.handSample(f, &rec, handle); err != nil {
				return err
			}
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("read events: %w", err)
		}
		if f.due() {
			if err := e.collectRepeats(f, false, handle); err != nil {
				return err
			}
			f.age()
		}
	}
}

// handSample hands one event of the buffer over.
func (e *Enforcer) handSample(f *folding, rec *ringbuf.Record, handle func(enforcer.Event)) error {
	raw, strs, err := decode(rec.RawSample)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	if ev, ok := e.explain(raw, strs); ok {
		handle(ev)
		f.remember(rec.RawSample, strs.resource, ev)
	} else if ev.Container != probe {
		e.unexplained.Add(1 + raw.Repeats)
	}
	if rec.Remaining == 0 {
		e.profiles.forget()
	}
	return nil
}

// texts are the strings that follow an event.
type texts struct{ resource, source, parent, cwd, arguments string }

// decode takes a sample of the ring buffer apart.
func decode(sample []byte) (raw bpf.EnforcerEvent, s texts, err error) {
	n, err := binary.Decode(sample, binary.LittleEndian, &raw)
	if err != nil {
		return raw, s, fmt.Errorf("an event of %d bytes: %w", len(sample), err)
	}
	rest := sample[n:]
	for _, part := range []struct {
		to  *string
		len uint32
	}{{&s.resource, raw.ResourceLen}, {&s.source, raw.SourceLen}, {&s.parent, raw.ParentLen}, {&s.cwd, raw.CwdLen}, {&s.arguments, raw.ArgumentsLen}} {
		if uint64(part.len) > uint64(len(rest)) {
			return raw, s, fmt.Errorf("an event of %d bytes: its strings end behind it", len(sample))
		}
		*part.to = string(rest[:part.len])
		rest = rest[part.len:]
	}
	return raw, s, nil
}

// explain adds what the agent knows: the container, the profile and its decision.
func (e *Enforcer) explain(raw bpf.EnforcerEvent, s texts) (enforcer.Event, bool) {
	in, ok := e.profiles.of(raw.Profile)
	if !ok || int(raw.Outcome) >= len(in.image.Outcomes) {
		return enforcer.Event{Container: e.profiles.container(raw.Container)}, false
	}
	flags := bpf.EnforcerEventFlag(raw.Flags)
	ev := enforcer.Event{
		Time:      wallClock(raw.Time),
		Container: e.profiles.container(raw.Container),
		Profile:   in.profile,
		Decision:  in.image.Outcomes[raw.Outcome],
		Category:  category(bpf.EnforcerEventKind(raw.Kind)),
		Trace:     bpf.EnforcerEventKind(raw.Kind) == bpf.EnforcerEventKindEVENT_TRACE,
		Unnamed:   flags&bpf.EnforcerEventFlagEVENT_UNNAMED != 0,
		Read:      flags&bpf.EnforcerEventFlagEVENT_READ != 0,
		Write:     flags&bpf.EnforcerEventFlagEVENT_WRITE != 0,
		Mapped:    flags&bpf.EnforcerEventFlagEVENT_MAPPED != 0,
		Memory:    flags&bpf.EnforcerEventFlagEVENT_MEMORY != 0,
		Resource:  s.resource,
		Family:    int(raw.Family), SocketType: int(raw.Type), Protocol: int(raw.Protocol),
		Use: use(bpf.EnforcerEventKind(raw.Kind)), Address: address(raw),
		Process: enforcer.Process{HostPID: int(raw.Pid), PID: int(raw.OwnPid), Name: terminated(raw.Comm), Program: s.source},
		Parent:  enforcer.Process{HostPID: int(raw.Ppid), PID: int(raw.OwnPpid), Name: terminated(raw.ParentComm), Program: s.parent},
		UID:     raw.Uid,
		Cwd:     s.cwd,
		TTY:     terminated(raw.Tty),
		Repeats: raw.Repeats,
	}
	switch ev.Category {
	case policy.Capabilities:
		ev.Capability = policy.Capability(raw.Number)
	case policy.Syscalls:
		ev.Way, ev.Resource = image.SyscallOf(int(raw.Number))
	}
	ev.Arguments, ev.ArgumentsCut = splitArguments(s.arguments, int(raw.Arguments))
	if d := ev.Decision; d.Rule >= 0 {
		// A process rule may deny writing a file: the program that it allows, or blocks.
		ev.Category = in.profile.At(policy.RuleRef{Policy: d.Policy, Rule: d.Rule}).Category
	}
	return ev, ev.Container != probe
}

// splitArguments takes n arguments from the beginning of a program's stack. Behind them stands its
// environment, which is nobody's business.
func splitArguments(stack string, n int) (all []string, cut bool) {
	for len(all) < n {
		arg, rest, ended := strings.Cut(stack, "\x00")
		if arg != "" || ended {
			all = append(all, arg)
		}
		if !ended {
			return all, true
		}
		stack = rest
	}
	return all, false
}

func category(kind bpf.EnforcerEventKind) policy.Category {
	switch kind {
	case bpf.EnforcerEventKindEVENT_EXEC, bpf.EnforcerEventKindEVENT_TRACE:
		return policy.Process
	case bpf.EnforcerEventKindEVENT_SOCKET, bpf.EnforcerEventKindEVENT_CONNECT, bpf.EnforcerEventKindEVENT_SEND,
		bpf.EnforcerEventKindEVENT_BIND, bpf.EnforcerEventKindEVENT_LISTEN, bpf.EnforcerEventKindEVENT_ACCEPT:
		return policy.Network
	case bpf.EnforcerEventKindEVENT_CAPABILITY:
		return policy.Capabilities
	case bpf.EnforcerEventKindEVENT_SYSCALL:
		return policy.Syscalls
	}
	return policy.File
}

func use(kind bpf.EnforcerEventKind) enforcer.Use {
	switch kind {
	case bpf.EnforcerEventKindEVENT_CONNECT:
		return enforcer.Connect
	case bpf.EnforcerEventKindEVENT_SEND:
		return enforcer.Send
	case bpf.EnforcerEventKindEVENT_BIND:
		return enforcer.Bind
	case bpf.EnforcerEventKindEVENT_LISTEN:
		return enforcer.Listen
	case bpf.EnforcerEventKindEVENT_ACCEPT:
		return enforcer.Accept
	}
	return enforcer.Create
}

// address returns the endpoint of an event: the bytes of an address and those of a port.
func address(raw bpf.EnforcerEvent) netip.AddrPort {
	const port = 2
	n := int(raw.EndpointLen) - port
	if n < 0 || n > len(raw.Endpoint)-port {
		return netip.AddrPort{}
	}
	addr, ok := netip.AddrFromSlice(raw.Endpoint[:n])
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(raw.Endpoint[n:]))
}

// wallClock turns nanoseconds since boot into a time of day.
func wallClock(then uint64) time.Time {
	return time.Now().Add(time.Duration(int64(then) - sinceBoot()))
}

// sinceBoot returns the nanoseconds since boot, as the programs see them.
func sinceBoot() int64 {
	var now unix.Timespec
	// It fails for a clock that the kernel does not know: never for this one.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
	return now.Nano()
}

// terminated returns the bytes before the first zero.
func terminated(b [16]uint8) string {
	name, _, _ := strings.Cut(string(b[:]), "\x00")
	return name
}

// Counters implements enforcer.Enforcer.
func (e *Enforcer) Counters() (enforcer.Counters, error) {
	var totals [bpf.EnforcerCounterCOUNTERS]uint64
	for i := range totals {
		var perCPU []uint64
		if err := e.objects.Counters.Lookup(uint32(i), &perCPU); err != nil {
			return enforcer.Counters{}, fmt.Errorf("read the counters: %w", err)
		}
		for _, n := range perCPU {
			totals[i] += n
		}
	}
	missed, err := e.callsMissed()
	if err != nil {
		return enforcer.Counters{}, err
	}
	return enforcer.Counters{
		Events:         totals[bpf.EnforcerCounterCOUNT_EVENTS],
		EventsDropped:  totals[bpf.EnforcerCounterCOUNT_EVENTS_DROPPED],
		EventsFolded:   totals[bpf.EnforcerCounterCOUNT_EVENTS_FOLDED],
		Unexplained:    e.unexplained.Load(),
		Malformed:      totals[bpf.EnforcerCounterCOUNT_MALFORMED],
		NoBuffer:       totals[bpf.EnforcerCounterCOUNT_NO_SCRATCH],
		UnstableNames:  totals[bpf.EnforcerCounterCOUNT_UNSTABLE_NAMES],
		LongNames:      totals[bpf.EnforcerCounterCOUNT_LONG_NAMES],
		LabelsMissing:  totals[bpf.EnforcerCounterCOUNT_LABELS_MISSING],
		SetupExempt:    totals[bpf.EnforcerCounterCOUNT_SETUP_EXEMPT],
		StartsOpen:     totals[bpf.EnforcerCounterCOUNT_STARTS_OPEN],
		StartsRefused:  totals[bpf.EnforcerCounterCOUNT_STARTS_REFUSED],
		StartsLate:     totals[bpf.EnforcerCounterCOUNT_STARTS_LATE],
		Tampering:      totals[bpf.EnforcerCounterCOUNT_TAMPERING],
		SourcesMissing: totals[bpf.EnforcerCounterCOUNT_SOURCES_MISSING],
		CallsMissed:    missed,
	}, nil
}
