package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// pinned is a set of programs that is kept in a folder of a BPF file system. One that is being
// pinned or removed, or was when its agent ended, has a name with a prefix; a rename completes it.
type pinned struct{ dir string }

const unfinished = "new-"

// programPin begins the name of a program's pin. It stands among those of links, where every version
// removes what it finds.
const programPin = "program-"

// mountBPF mounts a BPF file system where none is.
func mountBPF(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look for a BPF file system: %w", err)
	}
	if st.Type == unix.BPF_FS_MAGIC {
		return nil
	}
	if err := unix.Mount("bpf", dir, "bpf", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0700"); err != nil {
		return fmt.Errorf("mount a BPF file system on %s: %w", dir, err)
	}
	return nil
}

// setsIn lists the sets that are kept below a folder, complete or not.
func setsIn(dir string) (complete, broken []pinned, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("look for pinned programs: %w", err)
	}
	for _, e := range entries {
		p := pinned{filepath.Join(dir, e.Name())}
		if strings.HasPrefix(e.Name(), unfinished) {
			broken = append(broken, p)
		} else {
			complete = append(complete, p)
		}
	}
	return complete, broken, nil
}

func (p pinned) name() string { return filepath.Base(p.dir) }

// mapName is the name of a map's pin; the file system admits no dots.
func mapName(name string) string { return strings.ReplaceAll(name, ".", "_") }

// mapsOf lists the maps of objects by name.
func mapsOf(o *objects) map[string]*ebpf.Map {
	all := map[string]*ebpf.Map{".data": o.Data}
	v := reflect.ValueOf(o.EnforcerMaps)
	for i := range v.NumField() {
		if m, ok := v.Field(i).Interface().(*ebpf.Map); ok {
			all[v.Type().Field(i).Tag.Get("ebpf")] = m
		}
	}
	return all
}

// pinSet pins maps, links and the programs on demand, in an unfinished set.
func pinSet(dir string, o *objects, links []link.Link, asked map[string]link.Link) (pinned, error) {
	p := pinned{filepath.Join(filepath.Dir(dir), unfinished+filepath.Base(dir))}
	for _, of := range []string{"maps", "links"} {
		if err := os.MkdirAll(filepath.Join(p.dir, of), 0o700); err != nil {
			return p, fmt.Errorf("pin the programs: %w", err)
		}
	}
	for name, program := range o.programs {
		if !isOnDemand(name) {
			continue // its link keeps it
		}
		if err := program.Pin(p.link(programPin + name)); err != nil {
			return p, fmt.Errorf("pin program %s: %w", name, err)
		}
	}
	for name, l := range asked {
		if err := p.pinLink(name, l); err != nil {
			return p, fmt.Errorf("pin program %s: %w", name, err)
		}
	}
	for name, m := range mapsOf(o) {
		if err := m.Pin(filepath.Join(p.dir, "maps", mapName(name))); err != nil {
			return p, fmt.Errorf("pin map %s: %w", name, err)
		}
	}
	for i, l := range links {
		if err := l.Pin(p.link(fmt.Sprintf("%03d", i))); err != nil {
			return p, fmt.Errorf("pin a program's link: %w", err)
		}
	}
	return p, nil
}

// complete gives a set its name: from then on it is in force without this process.
func (p pinned) complete() (pinned, error) {
	done := pinned{filepath.Join(filepath.Dir(p.dir), strings.TrimPrefix(p.name(), unfinished))}
	if err := os.Rename(p.dir, done.dir); err != nil {
		return p, fmt.Errorf("pin the programs: %w", err)
	}
	return done, nil
}

// withdraw takes a set's name away: nobody takes over one whose end has begun.
func (p pinned) withdraw() (pinned, error) {
	if strings.HasPrefix(p.name(), unfinished) {
		return p, nil
	}
	ends := pinned{filepath.Join(filepath.Dir(p.dir), unfinished+p.name())}
	if err := os.Rename(p.dir, ends.dir); err != nil {
		return p, fmt.Errorf("unpin the programs: %w", err)
	}
	return ends, nil
}

// link is the pin of a program's link: a number, or the name of a program that is attached on demand.
func (p pinned) link(name string) string { return filepath.Join(p.dir, "links", name) }

// links opens the pinned links: those that are always there, and by name those on demand.
func (p pinned) links() (always []link.Link, asked map[string]link.Link, err error) {
	asked = map[string]link.Link{}
	entries, err := os.ReadDir(filepath.Join(p.dir, "links"))
	if err != nil {
		return nil, asked, fmt.Errorf("take over the pinned programs: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), programPin) {
			continue
		}
		l, err := link.LoadPinnedLink(p.link(e.Name()), nil)
		if err != nil {
			return always, asked, fmt.Errorf("take over the pinned programs: %w", err)
		}
		if isOnDemand(e.Name()) {
			asked[e.Name()] = l
		} else {
			always = append(always, l)
		}
	}
	return always, asked, nil
}

// programs opens the pinned programs, which are those on demand.
func (p pinned) programs() (map[string]*ebpf.Program, error) {
	all := map[string]*ebpf.Program{}
	for _, name := range onDemand() {
		program, err := ebpf.LoadPinnedProgram(p.link(programPin+name), nil)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the kernel can't have it
		}
		if err != nil {
			return all, fmt.Errorf("take over program %s: %w", name, err)
		}
		all[name] = program
	}
	return all, nil
}

// mapNamed opens a pinned map.
func (p pinned) mapNamed(name string) (*ebpf.Map, error) {
	m, err := ebpf.LoadPinnedMap(filepath.Join(p.dir, "maps", mapName(name)), nil)
	if err != nil {
		return nil, fmt.Errorf("take over map %s: %w", name, err)
	}
	return m, nil
}

// remove unpins a set, what judges first: a program that finds no label lets pass, one that
// is gone as well.
func (p pinned) remove() (links, maps int, err error) {
	links, err = removeFiles(filepath.Join(p.dir, "links"))
	if err != nil {
		return links, 0, err
	}
	maps, err = removeFiles(filepath.Join(p.dir, "maps"))
	if err != nil {
		return links, maps, err
	}
	if err := os.Remove(p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return links, maps, fmt.Errorf("unpin the programs: %w", err)
	}
	return links, maps, nil
}

func removeFiles(dir string) (n int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return n, fmt.Errorf("unpin the programs: %w", err)
		}
		if !strings.HasPrefix(e.Name(), programPin) {
			n++
		}
	}
	if err == nil {
		err = os.Remove(dir)
	}
	if err != nil {
		return n, fmt.Errorf("unpin the programs: %w", err)
	}
	return n, nil
}

// disarm clears a set's containers: its programs let everything pass then, also where somebody
// else still holds them.
func (p pinned) disarm() error {
	m, err := p.mapNamed("containers")
	if err != nil {
		return err
	}
	defer m.Close()
	return p.write("containers", 0, make([]byte, int(m.MaxEntries()*m.ValueSize())))
}

// write writes into the memory of a pinned map.
func (p pinned) write(name string, at int64, what []byte) error {
	m, err := p.mapNamed(name)
	if err != nil {
		return err
	}
	defer m.Close()
	memory, err := m.Memory()
	if err == nil {
		_, err = memory.WriteAt(what, at)
	}
	if err != nil {
		return fmt.Errorf("write map %s: %w", name, err)
	}
	return nil
}
