package matching

import (
	"fmt"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// baseline is the hash look-up per directory, loaded once for each case.
type baseline struct {
	keySize int
	spec    *ebpf.CollectionSpec
	cases   []*ebpf.Collection
}

// baselineRequest is struct request of baseline.bpf.c.
type baselineRequest struct {
	Length  uint32
	Verdict uint32
	Path    [4096]byte
}

const baselineDenies = 1

// newBaseline reads an object of Build.
func newBaseline(dir string, keySize int) (*baseline, error) {
	spec, err := ebpf.LoadCollectionSpec(filepath.Join(dir, BaselineObject(keySize)))
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	return &baseline{keySize: keySize, spec: spec}, nil
}

func (b *baseline) name() string { return fmt.Sprintf("look-ups, %d B keys", b.keySize) }

// add loads the programs with the case's rules in their map. A glob can't be looked up:
// the baseline leaves globs out.
func (b *baseline) add(c Case) error {
	spec := b.spec.Copy()
	spec.Maps["rules"].MaxEntries = uint32(c.Rules)
	loaded, err := ebpf.NewCollection(spec)
	if err != nil {
		return fmt.Errorf("load the baseline: %w", err)
	}
	b.cases = append(b.cases, loaded)
	for _, r := range c.rules() {
		key := make([]byte, b.keySize)
		copy(key, r.path)
		if err := loaded.Maps["rules"].Put(key, uint32(baselineDenies)); err != nil {
			return fmt.Errorf("add a rule to the baseline: %w", err)
		}
	}
	request := baselineRequest{Length: uint32(len(c.Path))}
	copy(request.Path[:], c.Path)
	if err := loaded.Maps["requests"].Put(uint32(0), &request); err != nil {
		return fmt.Errorf("ask the baseline: %w", err)
	}
	return nil
}

func (b *baseline) ask(i int) (*ebpf.Program, error) {
	return b.cases[i].Programs["lookup_per_directory"], nil
}

func (b *baseline) check(i int, c Case) error {
	var request baselineRequest
	if err := b.cases[i].Maps["requests"].Lookup(uint32(0), &request); err != nil {
		return fmt.Errorf("read the baseline's answer: %w", err)
	}
	want := uint32(0)
	if c.Named {
		want = baselineDenies
	}
	if request.Verdict != want {
		return fmt.Errorf("the baseline with keys of %d bytes answers %d for %s by %s, want %d",
			b.keySize, request.Verdict, c.Path, c, want)
	}
	return nil
}

func (b *baseline) close() error {
	for _, c := range b.cases {
		c.Close()
	}
	return nil
}
