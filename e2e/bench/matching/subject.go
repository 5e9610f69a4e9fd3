package matching

import "github.com/cilium/ebpf"

// subject is what is measured: a program that has been given all cases and answers one.
type subject interface {
	name() string
	// add makes ready for a case; its place among the cases is how ask calls it.
	add(Case) error
	// ask makes a case the one that the returned program answers.
	ask(i int) (*ebpf.Program, error)
	// check says whether the last run answered the case rightly.
	check(i int, c Case) error
	close() error
}
