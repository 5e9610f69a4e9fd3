package image

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/debian"
)

//go:embed server.js
var serverJS string

// node is Node.js on Debian with a small server.
func node() recipe {
	return recipe{
		name: "node", version: 1, suite: debian.Bookworm, spare: 64,
		packages: []string{"nodejs", "bash", "dash", "coreutils", "grep", "sed"},
		steps: []step{
			accounts("node:1000:/home/node:/bin/bash"),
			cacheLibraries,
			copyFile("usr/bin/node", "usr/local/bin/node"),
			writeFiles(0o644, map[string]string{
				"app/server.js":                    serverJS,
				"app/message.txt":                  "the node app serves\n",
				"app/package.json":                 `{"name": "app", "version": "1.0.0", "main": "server.js"}` + "\n",
				"usr/local/lib/node_modules/.keep": "",
			}),
			ownFolders(1000, "home/node"),
			runInside("node", "--check", "/app/server.js"),
		},
		process: Process{
			Args: []string{"/usr/local/bin/node", "/app/server.js"},
			Env:  []string{defaultPath, "NODE_ENV=production", "PORT=8080"}, Dir: "/app", UID: 1000, GID: 1000,
		},
	}
}

// copyFile makes a step that copies a program of the tree: images build their
// own where Debian has one already.
func copyFile(from, to string) step {
	return func(_ context.Context, root string) error {
		source, err := os.Open(filepath.Join(root, from))
		if err != nil {
			return err
		}
		defer source.Close()
		target := filepath.Join(root, to)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, source)
		return errors.Join(err, f.Close())
	}
}
