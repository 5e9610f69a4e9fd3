package image

import (
	"context"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/debian"
)

// busybox is a static busybox with a link for each applet, and nothing else.
func busybox() recipe {
	return recipe{
		name: "busybox", version: 1, suite: debian.Bookworm, split: true, spare: 16,
		exact:   []string{"busybox-static"},
		steps:   []step{accounts(), dropFolders("etc/init.d", "usr/share"), fillWithBusybox},
		process: Process{Args: []string{"sh"}, Env: []string{defaultPath}, Dir: "/"},
	}
}

// dropFolders makes a step that removes what packages bring and the image doesn't have.
func dropFolders(folders ...string) step {
	return func(_ context.Context, root string) error {
		for _, folder := range folders {
			if err := os.RemoveAll(filepath.Join(root, folder)); err != nil {
				return err
			}
		}
		return nil
	}
}
