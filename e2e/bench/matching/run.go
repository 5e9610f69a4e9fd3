package matching

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/rlimit"
)

// Row is what a case cost.
type Row struct {
	Case    Case
	Product float64
	Lookups []float64 // for each of KeySizes
	Ratios  []float64 // of the product's cost over theirs, round by round
	// Growth is the product's cost over that of a single rule about the same name.
	Growth float64
}

// Result is a whole run.
type Result struct {
	Programs []Program
	Rows     []Row
}

// Run measures all cases. Objects is a folder that Build has filled.
func Run(objects string, effort Effort) (result Result, err error) {
	if err := rlimit.RemoveMemlock(); err != nil {
		return result, fmt.Errorf("let programs lock memory: %w", err)
	}
	p, err := newProduct()
	if err != nil {
		return result, err
	}
	subjects := []subject{p}
	defer func() {
		for _, s := range subjects {
			err = errors.Join(err, s.close())
		}
	}()
	for _, size := range KeySizes() {
		b, err := newBaseline(objects, size)
		if err != nil {
			return result, err
		}
		subjects = append(subjects, b)
	}
	cases := Cases()
	all, err := measure(cases, subjects, p.empty(), effort)
	if err != nil {
		return result, err
	}
	result.Rows = rows(cases, all)
	for _, s := range subjects {
		program, err := describe(s)
		if err != nil {
			return result, err
		}
		result.Programs = append(result.Programs, program)
	}
	return result, nil
}

// rows takes the medians of the series.
func rows(cases []Case, all []series) []Row {
	single := map[string]float64{}
	for i, c := range cases {
		if c.Rules == 1 {
			single[c.Path] = median(all[i][0])
		}
	}
	var rows []Row
	for i, c := range cases {
		product := all[i][0]
		row := Row{Case: c, Product: median(product), Growth: median(product) / single[c.Path]}
		for _, lookups := range all[i][1:] {
			row.Lookups = append(row.Lookups, median(lookups))
			row.Ratios = append(row.Ratios, ratio(product, lookups))
		}
		rows = append(rows, row)
	}
	return rows
}
