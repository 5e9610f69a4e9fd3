package node

// Where things are kept. They are public: an administrator may have to remove them by hand.
const (
	Pins      = "/sys/fs/bpf/kubearmor"   // programs, links and maps, below a folder for each set of them
	Run       = "/run/kubearmor"          // the agent's records, mounts and lock
	Socket    = Run + "/agent.sock"       // where the agent that persists serves events
	Disabled  = "/etc/kubearmor/disabled" // its presence turns enforcement off
	Parameter = "kubearmor=off"           // likewise, on the kernel's command line
)
