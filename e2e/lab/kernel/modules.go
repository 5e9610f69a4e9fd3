package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// bootModules are what a guest needs before it can mount the modules disk.
// Those that a kernel has built in are skipped.
func bootModules() []string {
	return []string{"virtio_pci", "virtio_blk", "virtio_console", "virtio_net", "ext4", "crc32c_generic"}
}

// memoryDiskModules are what a guest needs for disks that are memory.
func memoryDiskModules() []string { return []string{"libnvdimm", "nfit", "nd_pmem"} }

// optional names boot modules that some kernels have neither built in nor as a module.
func optional(module string) bool { return module == "crc32c_generic" }

// moduleName is what a module's file is called, in the form modprobe uses.
func moduleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// parseDependencies reads modules.dep: file → files it needs.
func parseDependencies(text string) map[string][]string {
	dependencies := map[string][]string{}
	for line := range strings.Lines(text) {
		file, needs, found := strings.Cut(line, ":")
		if found {
			dependencies[file] = strings.Fields(needs)
		}
	}
	return dependencies
}

// loadOrder lists the files of the wanted modules with every dependency before
// what needs it. builtin is the text of modules.builtin.
func loadOrder(dependencies map[string][]string, builtin string, wanted []string) ([]string, error) {
	files := map[string]string{}
	for file := range dependencies {
		files[moduleName(file)] = file
	}
	inKernel := map[string]bool{}
	for line := range strings.Lines(builtin) {
		inKernel[moduleName(strings.TrimSpace(line))] = true
	}
	var order []string
	done := map[string]bool{}
	var visit func(file string)
	visit = func(file string) {
		if done[file] {
			return
		}
		done[file] = true
		for _, need := range dependencies[file] {
			visit(need)
		}
		order = append(order, file)
	}
	for _, module := range wanted {
		file, isFile := files[module]
		switch {
		case isFile:
			visit(file)
		case !inKernel[module] && !optional(module):
			return nil, fmt.Errorf("module %s is neither built in nor among the modules", module)
		}
	}
	return order, nil
}

// moduleSet copies modules and what they need out of a kernel's folder.
type moduleSet struct {
	folder       string // the kernel's modules
	dependencies map[string][]string
	builtin      string
}

func openModules(folder string) (moduleSet, error) {
	dep, err := os.ReadFile(filepath.Join(folder, "modules.dep"))
	if err != nil {
		return moduleSet{}, fmt.Errorf("read module dependencies: %w", err)
	}
	builtin, err := os.ReadFile(filepath.Join(folder, "modules.builtin"))
	if err != nil {
		return moduleSet{}, fmt.Errorf("read built-in modules: %w", err)
	}
	return moduleSet{folder, parseDependencies(string(dep)), string(builtin)}, nil
}

// copyTo copies the wanted modules to a folder, named in load order.
func (m moduleSet) copyTo(folder string, wanted []string) error {
	order, err := loadOrder(m.dependencies, m.builtin, wanted)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i, file := range order {
		content, err := os.ReadFile(filepath.Join(m.folder, file))
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%02d-%s.ko", i, moduleName(file))
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
