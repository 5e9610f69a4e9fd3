package hooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"kubearmor.io/e2e/lab"
)

// Row is what the calls cost in a scenario.
type Row struct {
	Scenario string
	Like     string // the scenario of AppArmor to compare with; or none
	Costs    []Cost
}

// Result is a whole run.
type Result struct {
	Kernel string // as uname -r says
	Rows   []Row
}

// Run measures all scenarios on a kernel line of the lab. What takes time is said to progress.
func Run(ctx context.Context, kernel string, progress io.Writer) (result Result, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return result, fmt.Errorf("make a folder for the load: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	add, err := additions(ctx, dir)
	if err != nil {
		return result, err
	}
	for _, b := range boots() {
		fmt.Fprintf(progress, "measuring with %s\n", b.modules)
		if err := b.run(ctx, lab.Config{Kernel: kernel, Add: add, Progress: progress}, &result); err != nil {
			return result, fmt.Errorf("with %s: %w", b.modules, err)
		}
	}
	return result, nil
}

func (b boot) run(ctx context.Context, config lab.Config, result *Result) (err error) {
	config.LSM, config.CountInstructions = b.modules, true
	config.Parameters = []string{"norandmaps"} // or executing a program costs as the dice fall
	g, err := lab.Boot(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	result.Kernel = g.Release
	for _, s := range b.scenarios {
		costs, err := s.measure(ctx, g)
		if err != nil {
			return err
		}
		result.Rows = append(result.Rows, Row{Scenario: s.name, Like: s.like, Costs: costs})
	}
	return nil
}
