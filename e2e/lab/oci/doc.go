// Package oci makes containers for tests that run in a guest: a bundle whose
// configuration is what container engines write, on a writable overlay of an
// image's root file system, run by runc or crun.
//
//	c, err := oci.Create(ctx, oci.Config{ID: "web", Image: "/images/web-app"})
//	err = c.Start(ctx)
//	out, err := c.Exec("cat", "/etc/shadow").CombinedOutput()
//	err = c.Delete(ctx)
//
// Guest tests call it. It needs root, the runtime and a mounted cgroup v2.
package oci
