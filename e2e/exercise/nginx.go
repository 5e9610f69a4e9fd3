package exercise

import "kubearmor.io/e2e/exercise/container"

// nginxConf is a server with a hole: it serves /etc/shadow, and its workers are root, so
// that nothing but the policy stands between a request and the file. Temporary files and
// logs lie where the official image has them.
const nginxConf = `user root;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { worker_connections 64; }
http {
  access_log /var/log/nginx/access.log;
  client_body_temp_path /var/cache/nginx/client_temp;
  proxy_temp_path /var/cache/nginx/proxy_temp;
  fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
  uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
  scgi_temp_path /var/cache/nginx/scgi_temp;
  default_type text/plain;
  server {
    listen 80;
    location / { root /usr/share/nginx/html; index index.html; }
    location = /shadow { alias /etc/shadow; }
    location = /upload { client_body_in_file_only clean; proxy_pass http://127.0.0.1/sink; }
    location = /sink { return 204; }
  }
}
`

// welcome is part of the image's page.
const welcome = "web-app serves"

// NginxFiles are laid over the image web-app.
func NginxFiles() map[string]container.File {
	return map[string]container.File{"/etc/nginx/nginx.conf": {Text: nginxConf}}
}

// NginxCommand is what the image's entrypoint script ends in.
func NginxCommand() []string { return []string{"/usr/sbin/nginx", "-g", "daemon off;"} }
