// Package enforcer says what an enforcer is: it takes containers and profiles and makes
// the kernel carry the profiles out, and it tells what happened.
//
// The agent's commands call it; bpflsm implements it. An enforcer is safe for concurrent use.
package enforcer
