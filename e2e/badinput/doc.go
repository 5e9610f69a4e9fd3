// Package badinput shows that bad input and an unfit machine are refused with an error that
// says what to do, and change nothing: no command runs, and what was in force stays so. Its
// tests boot guests of the lab; the binaries under test are those in the repository's bin/.
package badinput
