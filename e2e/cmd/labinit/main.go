// Command labinit is process 1 of a lab guest. The lab builds it when needed.
package main

import "kubearmor.io/e2e/lab/guest"

func main() { guest.Main() }
