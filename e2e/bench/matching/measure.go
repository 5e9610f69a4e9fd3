package matching

import (
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"
)

// Effort says how often everything is run.
type Effort struct {
	Rounds int // each case and subject once a round, so that a slow moment of the machine meets all
	Repeat int // runs of a program in one measurement
}

// once returns what one run of a program took, in nanoseconds: the whole call over its
// repetitions, as the kernel's own figure is rounded to a nanosecond.
func once(p *ebpf.Program, repeat int) (float64, error) {
	packet := make([]byte, 64) // a test run insists on an Ethernet header at least
	start := time.Now()
	if _, _, err := p.Benchmark(packet, repeat, nil); err != nil {
		return 0, fmt.Errorf("run the program: %w", err)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(repeat), nil
}

// series are the costs of a case by subject and round, net of the empty program.
type series [][]float64

// measure runs all cases in turns.
func measure(cases []Case, subjects []subject, empty *ebpf.Program, effort Effort) ([]series, error) {
	all := make([]series, len(cases))
	for i, c := range cases {
		all[i] = make(series, len(subjects))
		for _, s := range subjects {
			if err := try(s, i, c); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name(), err)
			}
		}
	}
	for range effort.Rounds {
		for i := range cases {
			nothing, err := once(empty, effort.Repeat)
			if err != nil {
				return nil, err
			}
			for j, s := range subjects {
				p, err := s.ask(i)
				if err != nil {
					return nil, err
				}
				took, err := once(p, effort.Repeat)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", s.name(), err)
				}
				all[i][j] = append(all[i][j], max(took-nothing, 0.1))
			}
		}
	}
	return all, nil
}

// try makes ready for a case and sees that the answer is right: what is wrong may be fast.
func try(s subject, i int, c Case) error {
	if err := s.add(c); err != nil {
		return err
	}
	p, err := s.ask(i)
	if err != nil {
		return err
	}
	if _, err := once(p, 1); err != nil {
		return err
	}
	return s.check(i, c)
}

// ratio is the median of a over b, round by round.
func ratio(a, b []float64) float64 {
	var r []float64
	for i := range a {
		r = append(r, a[i]/b[i])
	}
	return median(r)
}

func median(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
