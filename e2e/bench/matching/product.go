package matching

import (
	"fmt"

	"github.com/cilium/ebpf"

	"kubearmor.io/agent/enforcer/bpflsm/slab"
	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// product is the matching code of the hooks, with a container for each case.
type product struct {
	objects bpf.MatchObjects
	pool    *slab.Pool
	cases   []asked
}

// asked is what a case comes to: its image, and the request about its name.
type asked struct {
	image   *image.Image
	request bpf.MatchRequest
}

func newProduct() (*product, error) {
	spec, err := bpf.LoadMatch()
	if err != nil {
		return nil, err
	}
	p := &product{}
	if err := spec.LoadAndAssign(&p.objects, nil); err != nil {
		return nil, fmt.Errorf("load the matching code: %w", err)
	}
	p.pool = slab.NewPool(p.objects.Slabs, spec.Maps[bpf.MatchMapSlabs].InnerMap, func(*ebpf.Map) error { return nil })
	return p, nil
}

func (p *product) name() string { return "kubearmor" }

// empty is the program whose cost is deducted.
func (p *product) empty() *ebpf.Program { return p.objects.Nothing }

// add places the case's image; what will be asked is whether its name may be read.
func (p *product) add(c Case) error {
	img, err := c.compile()
	if err != nil {
		return err
	}
	container := uint32(len(p.cases) + 1)
	place, err := p.pool.Put(img.Words, uint64(container))
	if err != nil {
		return fmt.Errorf("place the image of %s: %w", c, err)
	}
	entry := bpf.MatchContainer{Id: container, Profile: place.Word()}
	if err := p.objects.Containers.Put(container, &entry); err != nil {
		return fmt.Errorf("show the image of %s: %w", c, err)
	}
	request := bpf.MatchRequest{
		Kind: uint32(bpf.MatchRequestKindREQUEST_FILE), Container: container, Op: image.FileRead, NameLen: uint32(len(c.Path)),
	}
	copy(request.Name[:], c.Path)
	p.cases = append(p.cases, asked{img, request})
	return nil
}

func (p *product) ask(i int) (*ebpf.Program, error) {
	if err := p.objects.Requests.Put(uint32(0), &p.cases[i].request); err != nil {
		return nil, fmt.Errorf("ask the matching code: %w", err)
	}
	return p.objects.Match, nil
}

// check holds the answer against the image's interpreter and against what the case says.
func (p *product) check(i int, c Case) error {
	var answer bpf.MatchRequest
	if err := p.objects.Requests.Lookup(uint32(0), &answer); err != nil {
		return fmt.Errorf("read the matching code's answer: %w", err)
	}
	want := image.Interpret{Words: p.cases[i].image.Words}.File(c.Path, image.FileRead, image.Caller{})
	if answer.Outcome != want {
		return fmt.Errorf("the matching code answers %#x for %s by %s, the image says %#x", answer.Outcome, c.Path, c, want)
	}
	if denied := answer.Flags&image.OutcomeDeny != 0; denied != c.Named {
		return fmt.Errorf("the matching code denies %s by %s: %t, want %t", c.Path, c, denied, c.Named)
	}
	return nil
}

func (p *product) close() error {
	p.pool.Close()
	return p.objects.Close()
}
