package mounts

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Mount is one line of mountinfo.
type Mount struct {
	ID     int
	Parent int
	Root   string // of the mount, in its file system
	Point  string // where it is mounted, as the process sees it
	Type   string // of the file system
}

// Of returns the mounts that a process sees, in the order in which they were made.
func Of(pid int) ([]Mount, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return nil, fmt.Errorf("read the mounts of process %d: %w", pid, err)
	}
	defer f.Close()
	m, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("read the mounts of process %d: %w", pid, err)
	}
	return m, nil
}

// longestLine is more than the kernel writes: two paths, escaped fourfold, and options.
const longestLine = 64 << 10

// Parse reads mountinfo.
func Parse(r io.Reader) ([]Mount, error) {
	var all []Mount
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		m, err := parseLine(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		all = append(all, m)
	}
	return all, lines.Err()
}

func parseLine(line string) (Mount, error) {
	// 36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/root rw
	before, after, ok := strings.Cut(line, " - ")
	fields := strings.Split(before, " ")
	kind, _, _ := strings.Cut(after, " ")
	if !ok || len(fields) < 6 || kind == "" {
		return Mount{}, fmt.Errorf("%q is no line of mountinfo", line)
	}
	id, err := strconv.Atoi(fields[0])
	if err != nil {
		return Mount{}, fmt.Errorf("mount ID: %w", err)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return Mount{}, fmt.Errorf("parent ID: %w", err)
	}
	return Mount{ID: id, Parent: parent, Root: unescape(fields[3]), Point: unescape(fields[4]), Type: unescape(kind)}, nil
}

// unescape undoes the kernel's \NNN, three octal digits for a byte.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
