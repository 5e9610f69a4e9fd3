package automaton

import (
	"fmt"
	"strings"
	"testing"
)

// exactPaths returns n paths as packages spread them.
func exactPaths(n int) []Pattern {
	var ps []Pattern
	for i := range n {
		path := fmt.Sprintf("/usr/lib/x86_64-linux-gnu/package%d/module%d.so", i/40, i)
		ps = append(ps, Pattern{ID: i, Kind: Exact, Path: path})
	}
	return ps
}

func recursiveDirs(n, firstID int) []Pattern {
	var ps []Pattern
	for i := range n {
		ps = append(ps, Pattern{ID: firstID + i, Kind: DirRecursive, Path: fmt.Sprintf("/var/lib/service%d/data", i)})
	}
	return ps
}

var commonGlobs = []string{"**/python*", "**/perl*", "/usr/lib/*/bin/postgres", "/home/*/.ssh/**"}

func mixed(b testing.TB, paths, dirs int) []Pattern {
	ps := append(exactPaths(paths), recursiveDirs(dirs, paths)...)
	for i, g := range commonGlobs {
		ps = append(ps, Pattern{ID: paths + dirs + i, Kind: Glob, Glob: globOf(b, g)})
	}
	return ps
}

func benchmarkBuild(b *testing.B, ps []Pattern) {
	var a *Automaton
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if a, err = Build(ps, Caps{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(a.NumStates()), "states")
	b.ReportMetric(float64(a.NumEdges()), "exceptions")
}

func BenchmarkBuildOneExactPath(b *testing.B)    { benchmarkBuild(b, exactPaths(1)) }
func BenchmarkBuild100ExactPaths(b *testing.B)   { benchmarkBuild(b, exactPaths(100)) }
func BenchmarkBuild10000ExactPaths(b *testing.B) { benchmarkBuild(b, exactPaths(10000)) }
func BenchmarkBuildMixed100(b *testing.B)        { benchmarkBuild(b, mixed(b, 100, 10)) }
func BenchmarkBuildMixed10000(b *testing.B)      { benchmarkBuild(b, mixed(b, 10000, 100)) }
func BenchmarkBuild10000PathsAnd1000Dirs(b *testing.B) {
	benchmarkBuild(b, append(exactPaths(10000), recursiveDirs(1000, 10000)...))
}

func BenchmarkPack(b *testing.B) {
	a := build(b, mixed(b, 10000, 100))
	var p Packed
	for b.Loop() {
		p = a.Pack()
	}
	b.ReportMetric(float64(a.NumEdges())/float64(len(p.Cells)), "density")
	b.ReportMetric(float64(p.Size()), "bytes")
}

func BenchmarkBuildAliased(b *testing.B) {
	ps := append(mixed(b, 10000, 100), Pattern{ID: 1, Kind: DirRecursive, Path: "/proc/self"})
	for b.Loop() {
		if _, err := BuildAliased(ps, self, Caps{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPackedRun(b *testing.B) {
	p := build(b, mixed(b, 10000, 100)).Pack()
	for _, n := range []int{11, 42, 88, 4095} {
		path := []byte(("/usr/lib/x86_64-linux-gnu/package1/module41" + strings.Repeat("/subdirectory", 320))[:n])
		b.Run(fmt.Sprintf("%d bytes", n), func(b *testing.B) {
			for b.Loop() {
				p.Run(path)
			}
		})
	}
}
