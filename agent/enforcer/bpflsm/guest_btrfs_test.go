package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const btrfsDir = "/var/tmp/btrfs"

// btrfs makes an ioctl on a folder of such a file system.
func btrfs(call string, task []string) error {
	const (
		snapshot   = 0x50009401 // BTRFS_IOC_SNAP_CREATE
		snapshotV2 = 0x50009417
		create     = 0x5000940e // BTRFS_IOC_SUBVOL_CREATE
		search     = 0xd0009411 // BTRFS_IOC_TREE_SEARCH
		infoOf     = 0x8400941f // BTRFS_IOC_FS_INFO
	)
	dir, err := unix.Open(task[0], unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	var arguments [4096]byte
	*(*int64)(unsafe.Pointer(&arguments)) = int64(dir) // of struct btrfs_ioctl_vol_args, and of the second one
	number := map[string]uintptr{"snapshot": snapshot, "snapshot-v2": snapshotV2, "create": create, "search": search, "info": infoOf}[call]
	switch call {
	case "snapshot", "create":
		copy(arguments[8:], task[1])
	case "snapshot-v2":
		copy(arguments[56:], task[1])
	case "search":
		// struct btrfs_ioctl_search_key: the tree of roots, from its first key to its last.
		arguments = [4096]byte{0: 1}
		for at := 16; at < 24; at++ {
			arguments[at], arguments[at+16], arguments[at+32] = 0xff, 0xff, 0xff
		}
		*(*uint32)(unsafe.Pointer(&arguments[60])) = ^uint32(0)
		*(*uint32)(unsafe.Pointer(&arguments[64])) = 1
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(dir), number, uintptr(unsafe.Pointer(&arguments))); errno != 0 {
		return fmt.Errorf("%s: %w", call, errno)
	}
	return nil
}

// TestSnapshotsInTheKernel has volumes of btrfs, which give files other names without a mount.
func TestSnapshotsInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	const disk = "/var/tmp/btrfs.disk"
	_ = unix.Unmount(btrfsDir, unix.MNT_DETACH)
	must(t, errors.Join(os.MkdirAll(btrfsDir, 0o755), os.WriteFile(disk, nil, 0o600), os.Truncate(disk, 256<<20)))
	for _, c := range [][]string{{"modprobe", "-a", "loop", "btrfs"}, {"mkfs.btrfs", "-q", "-f", disk}, {"mount", "-o", "loop", disk, btrfsDir}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	t.Cleanup(func() { must(t, errors.Join(unix.Unmount(btrfsDir, unix.MNT_DETACH), os.Remove(disk))) })
	makeFile(t, btrfsDir+"/secret/file")
	const (
		block = "file: {matchDirectories: [{dir: " + btrfsDir + "/secret/, recursive: true}]}"
		audit = "file: {matchPaths: [{path: " + btrfsDir + "/secret/file, action: Audit}]}"
	)
	for name, c := range map[string]ruleCase{
		"a snapshot beside a blocked folder":         {block, []string{"helper: btrfs snapshot " + btrfsDir + " one"}, true, nil},
		"a snapshot by the newer call":               {block, []string{"helper: btrfs snapshot-v2 " + btrfsDir + " two"}, true, nil},
		"a volume beside a blocked folder":           {block, []string{"helper: btrfs create " + btrfsDir + " three"}, true, nil},
		"what the trees hold, beside a blocked file": {block, []string{"helper: btrfs search " + btrfsDir}, true, nil},
		"another call beside a blocked folder":       {block, []string{"helper: btrfs info " + btrfsDir}, false, nil},
		"a snapshot beside an audited file":          {audit, []string{"helper: btrfs snapshot " + btrfsDir + " four"}, false, nil},
		"a newer snapshot beside an audited file":    {audit, []string{"helper: btrfs snapshot-v2 " + btrfsDir + " five"}, false, nil},
		"a volume beside an audited file":            {audit, []string{"helper: btrfs create " + btrfsDir + " six"}, false, nil},
		"what the trees hold beside an audited one":  {audit, []string{"helper: btrfs search " + btrfsDir}, false, nil},
		"a blocked folder's file":                    {block, []string{"cat", btrfsDir + "/secret/file"}, true, nil},
	} {
		t.Run(name, func(t *testing.T) { g.try(t, name, c) })
	}
}
