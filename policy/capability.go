package policy

import (
	"fmt"
	"strings"
)

// Capability is a Linux capability number (include/uapi/linux/capability.h).
type Capability uint8

// capabilityNames is indexed by number; the names are those of capabilities(7)
// in lower case without the CAP_ prefix.
var capabilityNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
	"lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
}

// NumCapabilities is one more than the highest capability this version knows.
const NumCapabilities = len(capabilityNames)

// String returns the name in lower case without CAP_.
func (c Capability) String() string {
	if int(c) < len(capabilityNames) {
		return capabilityNames[c]
	}
	return fmt.Sprintf("cap_%d", uint8(c))
}

// ParseCapability takes a name in any letter case, with or without CAP_.
func ParseCapability(s string) (Capability, bool) {
	n := strings.TrimPrefix(strings.ToLower(s), "cap_")
	for i, name := range capabilityNames {
		if name == n {
			return Capability(i), true
		}
	}
	return 0, false
}
