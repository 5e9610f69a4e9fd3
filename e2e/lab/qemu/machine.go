package qemu

import (
	"fmt"
	"strings"

	"kubearmor.io/e2e/lab/wire"
)

// Disk is a raw image that the machine sees under a serial. What the machine
// writes to it is thrown away.
type Disk struct {
	Image  string
	Serial string
	Size   int64 // bytes; a multiple of disk.Alignment where instructions are counted
}

// Forward makes a TCP port of the guest reachable on the host's loopback.
type Forward struct {
	Host, Guest int
}

// Machine describes what to emulate.
type Machine struct {
	Kernel, Initramfs string
	Parameters        []string // words on the kernel's command line
	Memory            int      // MiB
	CPUs              int
	Disks             []Disk
	Network           bool
	Forwards          []Forward
	// CountInstructions makes the guest's clock run on instructions instead of
	// time, on one processor: equal runs then cost equal numbers.
	CountInstructions bool
}

// Guest address and gateway on the machine's network.
const (
	GuestAddress = "10.0.2.15/24"
	Gateway      = "10.0.2.2"
)

// File descriptors that the process inherits.
const (
	portFD    = 3
	consoleFD = 4
)

// Arguments is the machine as arguments of qemu-system-x86_64.
func (m Machine) Arguments() []string {
	args := []string{
		"-cpu", "max",
		"-display", "none", "-vga", "none", "-nodefaults", "-no-user-config", "-no-reboot", "-monitor", "none",
		"-kernel", m.Kernel, "-initrd", m.Initramfs, "-append", strings.Join(m.parameters(), " "),
		"-chardev", fmt.Sprintf("socket,id=console,fd=%d", consoleFD), "-serial", "chardev:console",
		"-device", "virtio-serial-pci,max_ports=2" + m.notification(),
		"-chardev", fmt.Sprintf("socket,id=port,fd=%d", portFD), "-device", "virtserialport,chardev=port,name=" + wire.PortName,
	}
	args = append(args, m.acceleration()...)
	if m.CountInstructions {
		args = append(args, m.memoryDisks()...)
	} else {
		args = append(args, m.blockDisks()...)
	}
	if m.Network {
		args = append(args, "-netdev", m.network(), "-device", "virtio-net-pci,netdev=net,romfile=")
	}
	return args
}

// blockDisks are found by their serials.
func (m Machine) blockDisks() []string {
	args := []string{"-machine", "q35,usb=off", "-m", fmt.Sprint(m.Memory)}
	for i, d := range m.Disks {
		args = append(args,
			"-drive", fmt.Sprintf("file=%s,if=none,id=disk%d,format=raw,cache=unsafe,snapshot=on", escape(d.Image), i),
			"-device", fmt.Sprintf("virtio-blk-pci,drive=disk%d,serial=%s", i, d.Serial))
	}
	return args
}

// memoryDisks are read and written by the processor alone: a disk that answers
// when the host gets round to it would interrupt each run elsewhere. They are
// found by their order.
func (m Machine) memoryDisks() []string {
	total := int64(m.Memory) << 20
	var args []string
	for i, d := range m.Disks {
		total += d.Size
		args = append(args,
			"-object", fmt.Sprintf("memory-backend-file,id=disk%d,mem-path=%s,size=%d,share=off", i, escape(d.Image), d.Size),
			"-device", fmt.Sprintf("nvdimm,id=%s,memdev=disk%d", d.Serial, i))
	}
	return append([]string{
		"-machine", "q35,usb=off,nvdimm=on", "-m", fmt.Sprintf("%d,slots=%d,maxmem=%d", m.Memory, len(m.Disks)+1, total+1<<30),
	}, args...)
}

// notification keeps the serial port on the processor's own thread where equal
// runs must be equal.
func (m Machine) notification() string {
	if m.CountInstructions {
		return ",ioeventfd=off"
	}
	return ""
}

// escape doubles commas, which separate options.
func escape(path string) string { return strings.ReplaceAll(path, ",", ",,") }

// acceleration is always emulation: /dev/kvm may exist where it can't be used. The processors take
// turns on one thread. With a thread for each, one now and then goes on with code that another has
// patched meanwhile, and attaching BPF programs patches the kernel all the time: it meets a
// break point that is gone, and the kernel panics or hangs.
func (m Machine) acceleration() []string {
	if m.CountInstructions {
		return []string{"-accel", "tcg,thread=single,tb-size=512", "-smp", "1", "-icount", "shift=0,sleep=off",
			"-seed", "1", "-rtc", "base=2026-01-01,clock=vm"}
	}
	return []string{"-accel", "tcg,thread=single,tb-size=512", "-smp", fmt.Sprint(m.CPUs)}
}

func (m Machine) parameters() []string {
	words := []string{"console=ttyS0", "quiet", "panic=-1", "net.ifnames=0"}
	if m.CountInstructions {
		words = append(words, "nokaslr")
	}
	return append(words, m.Parameters...)
}

// network is cut off from the outside: only forwarded ports lead in.
func (m Machine) network() string {
	var b strings.Builder
	b.WriteString("user,id=net,restrict=on")
	for _, f := range m.Forwards {
		fmt.Fprintf(&b, ",hostfwd=tcp:127.0.0.1:%d-:%d", f.Host, f.Guest)
	}
	return b.String()
}
