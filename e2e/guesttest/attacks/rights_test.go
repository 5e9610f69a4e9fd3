//go:build guest

package attacks

import (
	"errors"

	"golang.org/x/sys/unix"
)

const (
	protoMPTCP   = 262
	protoUDPLite = 136
	familySMC    = 43
)

// rightsWays use a socket or a capability that the policy withholds: everything raw, and
// udp with what is like it; net_admin.
func rightsWays() []way {
	return []way{
		{name: "a udp socket", try: socket(unix.AF_INET, unix.SOCK_DGRAM, 0)},
		{name: "a udp socket of IPv6, named", try: socket(unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP)},
		{name: "a udp socket with flags", try: socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)},
		{name: "a udp-lite socket", try: socket(unix.AF_INET, unix.SOCK_DGRAM, protoUDPLite), lacking: unix.EPROTONOSUPPORT}, // gone from Linux 7
		{name: "a raw socket of udp", try: socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_UDP)},
		{name: "a raw socket of any protocol", try: socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)},
		{name: "a raw socket of IPv6", try: socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)},
		{name: "a socket for frames", try: socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0)},
		{name: "a socket of the old type for frames", try: socket(unix.AF_INET, unix.SOCK_PACKET, 0)},
		{name: "a udp socket by io_uring", try: socketByRing},
		{name: "a udp socket in a network of its own", try: func() error {
			return again("a udp socket", unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
		}},
		{name: "net_admin", try: netAdmin},
		{name: "net_admin in a network of its own", try: func() error {
			return again("net_admin", unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
		}},
		{name: "net_admin as root of a user namespace", try: func() error {
			return again("net_admin", inUserNamespace(unix.CLONE_NEWNET))
		}},
	}
}

func socket(family, kind, protocol int) func() error {
	return func() error {
		_, err := unix.Socket(family, kind, protocol)
		return err
	}
}

// netAdmin brings the loopback interface up.
func netAdmin() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return errors.Join(ioctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}
