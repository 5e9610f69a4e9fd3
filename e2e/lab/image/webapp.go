package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/debian"
)

// webApp is nginx as the small official image has it: the real server, a shell
// and tools that are links to busybox, an entrypoint script, logs to the
// container's output.
func webApp() recipe {
	return recipe{
		name: "web-app", version: 1, suite: debian.Bookworm, split: true, spare: 32,
		exact: []string{"busybox-static", "nginx", "libc6", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g"},
		steps: []step{
			accounts("nginx:101:/var/cache/nginx:/sbin/nologin"),
			dropFolders("etc/init.d", "etc/nginx", "usr/share/nginx", "usr/share/apport", "usr/share/busybox"),
			writeFiles(0o644, map[string]string{
				"etc/nginx/nginx.conf":            nginxConf,
				"etc/nginx/conf.d/default.conf":   nginxSite,
				"etc/nginx/mime.types":            "types {\n    text/html html;\n    text/plain txt;\n    application/json json;\n}\n",
				"usr/share/nginx/html/index.html": "<!doctype html><title>web-app</title><h1>web-app serves</h1>\n",
				"usr/share/nginx/html/50x.html":   "<!doctype html><title>error</title><h1>something failed</h1>\n",
				"etc/alpine-release":              "3.20.0\n",
				"var/lib/nginx/.keep":             "",
			}),
			writeFiles(0o755, map[string]string{"docker-entrypoint.sh": nginxEntrypoint}),
			link(map[string]string{"var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr"}),
			fillWithBusybox,
			link(map[string]string{"bin/wget": "/bin/busybox", "usr/bin/wget": "/bin/busybox"}),
			ownFolders(101, "var/cache/nginx", "var/lib/nginx"),
			ownFolders(0, "docker-entrypoint.d"),
			cacheLibraries,
			runInside("nginx", "-v"),
		},
		process: Process{
			Args: []string{"/docker-entrypoint.sh", "nginx", "-g", "daemon off;"},
			Env:  []string{defaultPath, "NGINX_VERSION=1.22.1"}, Dir: "/",
		},
	}
}

const nginxConf = `user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /var/run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    access_log    /var/log/nginx/access.log combined;
    sendfile      on;
    keepalive_timeout  65;
    include /etc/nginx/conf.d/*.conf;
}
`

const nginxSite = `server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`

const nginxEntrypoint = `#!/bin/sh
# Prepare the container, then become the server.
set -e
if [ $# -eq 0 ]; then
    set -- nginx -g "daemon off;"
fi
for script in /docker-entrypoint.d/*.sh; do
    if [ -x "$script" ]; then
        "$script"
    fi
done
exec "$@"
`

// ownFolders makes a step that makes folders belong to a user.
func ownFolders(id int, folders ...string) step {
	return func(_ context.Context, root string) error {
		for _, folder := range folders {
			path := filepath.Join(root, folder)
			if err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, id, id)); err != nil {
				return fmt.Errorf("own %s: %w", folder, err)
			}
		}
		return nil
	}
}
