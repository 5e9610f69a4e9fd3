package wire

// PortName is the virtio-serial port's name in the guest.
const PortName = "kubearmor.lab"

// Greeting is the payload of Hello.
type Greeting struct {
	Release string `json:"release"` // uname -r
}

// Disk is a virtio-blk disk and what to do with it. Serial identifies it: the
// order in which disks appear is the kernel's affair.
type Disk struct {
	Serial string `json:"serial"`
	Mount  string `json:"mount,omitempty"`  // mount the ext4 file system here; "/" is the root
	Unpack string `json:"unpack,omitempty"` // unpack the tar archive on it below this folder
}

// Setup is the payload of Prepare.
type Setup struct {
	Disks    []Disk `json:"disks"`
	Hostname string `json:"hostname"`
	Address  string `json:"address,omitempty"` // CIDR for the network interface; empty: loopback alone
	Gateway  string `json:"gateway,omitempty"`
}

// Report is the payload of Ready.
type Report struct {
	Release string   `json:"release"`
	LSM     string   `json:"lsm"`    // the active list, from securityfs
	Uptime  float64  `json:"uptime"` // seconds since the kernel started
	Notes   []string `json:"notes,omitempty"`
}

// Command is the payload of Start.
type Command struct {
	Args  []string `json:"args"`
	Env   []string `json:"env,omitempty"` // added to the guest's own environment
	Dir   string   `json:"dir,omitempty"`
	Stdin bool     `json:"stdin,omitempty"` // Stdin frames follow; otherwise /dev/null
}

// Signal is the payload of Kill.
type Signal struct {
	Number int `json:"number"`
}

// Status is the payload of Exit: how a command ended.
type Status struct {
	Code   int `json:"code"`
	Signal int `json:"signal,omitempty"` // set when a signal ended it
}

// ExitCode is the status as a shell shows it: 128 plus the signal's number for
// a command that a signal ended.
func (s Status) ExitCode() int {
	if s.Signal != 0 {
		return 128 + s.Signal
	}
	return s.Code
}
