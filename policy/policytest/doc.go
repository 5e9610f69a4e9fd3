// Package policytest runs the unit tests of policies: tables of operations with what the
// policies are expected to decide. A table is strict as a policy is: an unknown field, a
// case that expects nothing, a policy that the table's labels do not select are errors with
// their position, because a table that silently tests less than it says is worse than none.
//
// It owns the format of tables. `karmor policy test` calls it; it calls package explain for
// the answers.
package policytest
