package bpflsm

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"kubearmor.io/policy"
)

// mountCases are about mounts and handles, in /var/tmp/mounts, where mnt is a mount point.
func mountCases() map[string]ruleCase {
	const (
		dir  = "/var/tmp/mounts"
		file = dir + "/file"
		mnt  = dir + "/mnt"

		block   = "file: {matchPaths: [{path: " + file + "}, {path: " + mnt + "}]}"
		allow   = "process: {matchPatterns: [{pattern: /**, action: Allow}], matchPaths: [{path: " + dir + "/busybox, action: Allow}]}"
		list    = "file: {matchPatterns: [{pattern: /**, action: Allow}]}"
		program = "process: {matchPaths: [{path: " + dir + "/busybox}]}"
		tmpfs   = "mount -t tmpfs none " + dir + "/folder && "
		audit   = "file: {matchPaths: [{path: " + file + ", action: Audit}]}"
		overlay = "helper: mount overlay " + dir + "/folder lowerdir=" + dir + "/folder:" + dir + "/beside"
	)
	own := func(command string) []string { return []string{"unshare", "-m", "sh", "-c", command} }
	by := func(resource, field string) []told {
		return []told{{resource, policy.ReportBlock, policy.ReasonRule, field}}
	}
	const first, second = "spec.file.matchPaths[0]", "spec.file.matchPaths[1]"
	const allowed = "spec.process.matchPaths[0]"
	return map[string]ruleCase{
		"mounting over a blocked file":                  {block, own("mount --bind " + dir + "/source " + file), true, by(file, first)},
		"mounting over another file":                    {block, own("mount --bind " + dir + "/busybox " + dir + "/source"), false, nil},
		"mounting over it with the new calls":           {block, []string{"helper: move-mount " + dir + "/source " + file}, true, by(file, first)},
		"mounting elsewhere with the new calls":         {block, []string{"helper: move-mount " + dir + "/busybox " + dir + "/source"}, false, nil},
		"unmounting a blocked mount point":              {block, own("umount " + mnt), true, by(mnt, second)},
		"unmounting it lazily":                          {block, own("umount -l " + mnt), true, by(mnt, second)},
		"moving what is mounted there":                  {block, []string{"helper: move-old " + mnt + " " + dir + "/folder"}, true, by(dir+"/folder", first)},
		"moving it with the new calls":                  {block, []string{"helper: move-attached " + mnt + " " + dir + "/folder"}, true, by(mnt, second)},
		"a change of what is mounted is no write":       {block, own("mount --make-rprivate / && mount -o remount,ro " + mnt), false, nil},
		"mounting over an allowed program":              {allow, own("mount --bind " + dir + "/source " + dir + "/busybox"), true, by(dir+"/busybox", allowed)},
		"mounting on a directory above one":             {allow, own("mount -t tmpfs none " + dir), false, nil},
		"an overlay beside a blocked file":              {block, []string{overlay}, true, by("overlay", first)},
		"an overlay beside a blocked program":           {program, []string{overlay}, true, by("overlay", allowed)},
		"an overlay beside an allow-list":               {list, []string{overlay}, true, []told{{"overlay", policy.ReportBlock, policy.ReasonPosture, ""}}},
		"an overlay beside an audited file":             {audit, []string{overlay}, false, nil},
		"an overlay by the new calls":                   {block, []string{"helper: fsmount overlay lowerdir " + dir + "/folder:" + dir + "/beside"}, true, by("overlay", first)},
		"a tmpfs by the new calls":                      {block, []string{"helper: fsmount tmpfs size 1m"}, false, nil},
		"a tmpfs, a proc, a sysfs":                      {block, own("mount -t tmpfs none /mnt && mount -t proc none /mnt && mount -t sysfs none /mnt"), false, nil},
		"a known file by handle":                        {block, []string{"helper: known-handle " + dir + "/source"}, true, by(dir+"/source", first)},
		"a known file by handle, nothing blocks":        {audit, []string{"helper: known-handle " + dir + "/source"}, false, nil},
		"an allowed program by handle, to be written":   {allow, []string{"helper: handle-to-write " + dir + "/busybox"}, true, nil},
		"an allowed program by handle, to be read":      {allow, []string{"helper: handle " + dir + "/busybox"}, false, nil},
		"a file by its name":                            {block, []string{"cat", dir + "/source"}, false, nil},
		"writing a blocked name on a tmpfs of its own":  {"file: {matchPaths: [{path: " + dir + "/folder/x}]}", own(tmpfs + "echo > " + dir + "/folder/x"), true, by(dir+"/folder/x", first)},
		"writing beside it":                             {"file: {matchPaths: [{path: " + dir + "/folder/x}]}", own(tmpfs + "echo > " + dir + "/folder/y && mv " + dir + "/folder/y " + dir + "/folder/z"), false, nil},
		"what a list names on a tmpfs of its own":       {list, own(tmpfs + "echo > " + dir + "/folder/x && cat " + dir + "/folder/x"), false, nil},
		"a blocked program on a tmpfs of its own":       {"process: {matchPaths: [{path: " + dir + "/folder/x}]}", own(tmpfs + "cp /bin/true " + dir + "/folder/x && " + dir + "/folder/x"), true, by(dir+"/folder/x", allowed)},
		"its code on a tmpfs of its own":                {"process: {matchPaths: [{path: " + dir + "/folder/x}]}", own(tmpfs + "cp /bin/true " + dir + "/folder/x && /lib64/ld-linux-x86-64.so.2 " + dir + "/folder/x"), true, by(dir+"/folder/x", allowed)},
		"a program on a tmpfs of its own is on no list": {"process: {matchPatterns: [{pattern: /**, action: Allow}]}", own(tmpfs + "cp /bin/true " + dir + "/folder/x && " + dir + "/folder/x"), true, []told{{dir + "/folder/x", policy.ReportBlock, policy.ReasonPosture, ""}}},
		"a forgotten file by handle":                    {block, []string{"helper: handle " + dir + "/source"}, true, nil},
		"a forgotten file by handle, beside a list":     {list, []string{"helper: handle " + dir + "/source"}, true, nil},
		"a forgotten file by handle, nothing blocks":    {audit, []string{"helper: handle " + dir + "/source"}, false, nil},
	}
}

func TestMountsInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const dir = "/var/tmp/mounts"
	_ = unix.Unmount(dir+"/mnt", unix.MNT_DETACH)
	furnish(t, dir)
	if err := errors.Join(os.Mkdir(dir+"/mnt", 0o755), os.Mkdir(dir+"/beside", 0o755), unix.Mount("none", dir+"/mnt", "tmpfs", 0, "")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir+"/mnt", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	for name, c := range mountCases() {
		t.Run(name, func(t *testing.T) {
			g.try(t, name, c)
			g.seeEvents(t, name, c)
		})
	}
}
