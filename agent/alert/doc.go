// Package alert turns what an enforcer reports into the alerts that users read, and writes
// them out.
package alert
