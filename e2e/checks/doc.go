// Package checks runs named lists of commands (*.yaml in this folder) and reports on
// each: the seconds it took, or PASS and FAIL. Those that boot guests run two at a time.
// `make test`, `make soak` and `make verify` are such lists. Package main in
// e2e/cmd/checks is its only caller.
package checks
