package matching

import "fmt"

// Program is what the kernel makes of one of the programs.
type Program struct {
	Name        string
	BPF         int    // instructions after verification
	Verified    uint32 // instructions the verifier walked through to accept it
	MachineCode uint32 // bytes
}

func describe(s subject) (Program, error) {
	p, err := s.ask(0)
	if err != nil {
		return Program{}, err
	}
	info, err := p.Info()
	if err != nil {
		return Program{}, fmt.Errorf("%s: %w", s.name(), err)
	}
	d := Program{Name: s.name()}
	// What an older kernel does not tell stays 0.
	if instructions, err := info.Instructions(); err == nil {
		d.BPF = len(instructions)
	}
	d.Verified, _ = info.VerifiedInstructions()
	d.MachineCode, _ = info.JitedSize()
	return d, nil
}
