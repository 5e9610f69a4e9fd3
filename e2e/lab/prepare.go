package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/disk"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/kernel"
	"kubearmor.io/e2e/lab/qemu"
	"kubearmor.io/e2e/lab/tree"
	"kubearmor.io/e2e/lab/wire"
)

// plan is everything a boot needs: the machine, and what its init is told.
type plan struct {
	machine qemu.Machine
	setup   wire.Setup
	scratch string // a folder to be removed after the boot
}

// attach adds a disk to the machine and tells init what to do with it.
func (p *plan) attach(image string, d wire.Disk) error {
	d.Serial = fmt.Sprintf("disk%d", len(p.machine.Disks))
	m := qemu.Disk{Image: image, Serial: d.Serial}
	if p.machine.CountInstructions {
		var err error
		if m.Size, err = disk.Align(image); err != nil {
			return err
		}
	}
	p.machine.Disks = append(p.machine.Disks, m)
	p.setup.Disks = append(p.setup.Disks, d)
	return nil
}

// makePlan gets or builds all that the configuration asks for.
func makePlan(ctx context.Context, c *cache.Cache, config Config) (*plan, error) {
	k, err := kernel.Get(ctx, c, config.Kernel, config.Refresh)
	if err != nil {
		return nil, err
	}
	lsm, err := k.LSMParameters(config.LSM)
	if err != nil {
		return nil, err
	}
	program, err := initProgram(ctx, c)
	if err != nil {
		return nil, err
	}
	initramfs, err := k.Initramfs(ctx, c, program)
	if err != nil {
		return nil, err
	}
	p := &plan{setup: wire.Setup{Hostname: "guest"}, machine: qemu.Machine{
		Kernel: k.Image(), Initramfs: initramfs, Parameters: append(lsm, config.Parameters...),
		Memory: config.Memory, CPUs: config.CPUs, CountInstructions: config.CountInstructions,
	}}
	if len(config.Forward) > 0 {
		p.machine.Network, p.machine.Forwards = true, config.Forward
		p.setup.Address, p.setup.Gateway = qemu.GuestAddress, qemu.Gateway
	}
	return p, p.attachDisks(ctx, c, k, config)
}

func (p *plan) attachDisks(ctx context.Context, c *cache.Cache, k kernel.Kernel, config Config) error {
	root, err := image.GuestDisk(ctx, c)
	if err != nil {
		return err
	}
	binaries, err := binariesDisk(ctx, c)
	if err != nil {
		return err
	}
	err = errors.Join(p.attach(root, wire.Disk{Mount: "/"}), p.attach(k.Modules(), wire.Disk{Mount: "/lib/modules"}))
	if binaries != "" {
		err = errors.Join(err, p.attach(binaries, wire.Disk{Mount: "/opt/kubearmor/bin"}))
	}
	if err != nil {
		return err
	}
	for _, name := range config.Images {
		img, err := image.Get(ctx, c, name)
		if err != nil {
			return err
		}
		if err := p.attach(img.Disk(), wire.Disk{Mount: "/images/" + name}); err != nil {
			return err
		}
	}
	return p.attachAdditions(config.Add)
}

func (p *plan) attachAdditions(additions []Add) (err error) {
	if len(additions) == 0 {
		return nil
	}
	p.scratch, err = os.MkdirTemp("", "lab-")
	if err != nil {
		return fmt.Errorf("make scratch folder: %w", err)
	}
	archive := filepath.Join(p.scratch, "add.tar")
	err = packAdditions(archive, additions)
	if err == nil {
		err = p.attach(archive, wire.Disk{Unpack: "/"})
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(p.scratch))
	}
	return nil
}

func packAdditions(path string, additions []Add) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("pack what is added to the guest: %w", err)
	}
	if err := errors.Join(tree.Pack(f, additions), f.Close()); err != nil {
		return fmt.Errorf("pack what is added to the guest: %w", err)
	}
	return nil
}
