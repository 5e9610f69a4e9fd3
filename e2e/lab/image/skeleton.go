package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// makeSkeleton makes the folders and links that packages expect to find. Unless
// split, /bin, /sbin and /lib are links into /usr, as Debian has them.
func makeSkeleton(root string, split bool) error {
	folders := []string{"dev", "proc", "sys", "run", "root", "mnt", "etc", "var/lib", "var/log", "var/cache", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/local/bin", "usr/local/sbin", "home", "opt"}
	links := map[string]string{"var/run": "/run"}
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		if split {
			folders = append(folders, name)
		} else {
			links[name] = "usr/" + name
		}
	}
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	for _, folder := range []string{"tmp", "var/tmp"} {
		path := filepath.Join(root, folder)
		if err := errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, 0o777|fs.ModeSticky)); err != nil {
			return err
		}
	}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles makes a step that writes text files.
func writeFiles(mode fs.FileMode, files map[string]string) step {
	return func(_ context.Context, root string) error {
		for name, text := range files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
				return err
			}
		}
		return nil
	}
}

// link makes a step that makes symbolic links, link → target, in place of what is there.
func link(links map[string]string) step {
	return func(_ context.Context, root string) error {
		for name, target := range links {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err := os.Symlink(target, path); err != nil {
				return err
			}
		}
		return nil
	}
}

// accounts makes a step that writes the user databases: root, nobody and these
// users, given as "name:id:home:shell".
func accounts(users ...string) step {
	passwd := []string{"root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin"}
	group := []string{"root:x:0:", "tty:x:5:", "adm:x:4:", "shadow:x:42:", "nogroup:x:65534:"}
	shadow := []string{"root:*:19000:0:99999:7:::", "nobody:*:19000:0:99999:7:::"}
	for _, u := range users {
		f := strings.Split(u, ":")
		name, id, home, shell := f[0], f[1], f[2], f[3]
		passwd = append(passwd, fmt.Sprintf("%s:x:%s:%s:%s:%s:%s", name, id, id, name, home, shell))
		group = append(group, fmt.Sprintf("%s:x:%s:", name, id))
		shadow = append(shadow, name+":!:19000:0:99999:7:::")
	}
	text := func(lines []string) string { return strings.Join(lines, "\n") + "\n" }
	public := writeFiles(0o644, map[string]string{
		"etc/passwd": text(passwd), "etc/group": text(group),
		"etc/hosts": "127.0.0.1 localhost\n::1 localhost\n", "etc/resolv.conf": "",
		"etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
	})
	secret := writeFiles(0o640, map[string]string{"etc/shadow": text(shadow)})
	return func(ctx context.Context, root string) error {
		return errors.Join(public(ctx, root), secret(ctx, root), os.Chown(filepath.Join(root, "etc/shadow"), 0, 42))
	}
}

// cacheLibraries writes the loader's cache, which packages' triggers would have.
func cacheLibraries(ctx context.Context, root string) error {
	if out, err := command(ctx, "ldconfig", "-r", root).CombinedOutput(); err != nil {
		return fmt.Errorf("ldconfig: %w: %s", err, out)
	}
	return nil
}

// command finds administrators' programs too.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	for _, folder := range []string{"/usr/sbin/", "/sbin/"} {
		if _, err := os.Stat(folder + program); err == nil {
			program = folder + program
			break
		}
	}
	return exec.CommandContext(ctx, program, args...)
}

// fillWithBusybox makes a step that links every busybox applet that the tree has no
// program for. The tree's own busybox is static, so the host can ask it.
func fillWithBusybox(ctx context.Context, root string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(root, "bin/busybox"), "--list-full").Output()
	if err != nil {
		return fmt.Errorf("list busybox applets: %w", err)
	}
	for applet := range strings.FieldsSeq(string(out)) {
		name := filepath.Base(applet)
		if hasProgram(root, name) || name == "busybox" {
			continue
		}
		if err := link(map[string]string{applet: "/bin/busybox"})(ctx, root); err != nil {
			return err
		}
	}
	return nil
}

func hasProgram(root, name string) bool {
	for _, folder := range []string{"bin", "sbin", "usr/bin", "usr/sbin"} {
		if _, err := os.Lstat(filepath.Join(root, folder, name)); err == nil {
			return true
		}
	}
	return false
}
