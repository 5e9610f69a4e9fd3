package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
)

// probe is the name of a container that exists while prove runs.
const probe = "kubearmor-probe"

// prove sees an operation denied: a process is cloned into a cgroup in which no program is
// allowed, and must fail to start one.
func (e *Enforcer) prove(ctx context.Context) (err error) {
	group, err := cgroup.Create(fmt.Sprintf("%s-%d", probe, os.Getpid()))
	if err != nil {
		return fmt.Errorf("prove that the programs deny: %w", err)
	}
	defer func() { err = errors.Join(err, group.Remove()) }()
	if err := e.Add(enforcer.Container{Name: probe, Cgroup: group.Dir, Starting: true}); err != nil {
		return fmt.Errorf("prove that the programs deny: %w", err)
	}
	defer func() { err = errors.Join(err, e.Remove(probe)) }()
	nothing, err := allowNothing()
	if err == nil {
		err = e.Record(probe, os.Getpid())
	}
	if err == nil {
		err = e.Apply(probe, nothing)
	}
	if err != nil {
		return fmt.Errorf("prove that the programs deny: %w", err)
	}
	return expectDenial(ctx, group)
}

// allowNothing is an allow-list that no program is on.
func allowNothing() (*policy.Profile, error) {
	return policy.NewProfile([]*policy.Policy{{
		Ref: policy.Ref{Kind: policy.KindPolicy, Name: probe},
		Rules: []policy.Rule{{
			Field: "spec.process.matchPaths[0]", Category: policy.Process, Action: policy.Allow,
			Match: policy.Matcher{Kind: policy.MatchPath, Path: "/" + probe},
		}},
	}}, policy.Options{NoBaseline: true})
}

func expectDenial(ctx context.Context, group cgroup.Group) error {
	dir, err := group.Open()
	if err != nil {
		return fmt.Errorf("prove that the programs deny: %w", err)
	}
	defer dir.Close()
	// Were it not denied, the program would end by itself: it has no terminal and no input.
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "--version")
	cmd.SysProcAttr = &unix.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	err = cmd.Start()
	switch {
	case errors.Is(err, unix.EACCES):
		return nil
	case err != nil:
		return fmt.Errorf("prove that the programs deny: start a process in a cgroup: %w", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return errors.New("the programs are attached and do not deny: the kernel does not call them (is bpf in lsm= on its command line?)")
}
