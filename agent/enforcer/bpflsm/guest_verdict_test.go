package bpflsm

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"kubearmor.io/bpf"
)

const (
	verdictDir   = "/var/tmp/verdicts"
	publicFile   = verdictDir + "/public/folder/file"
	secretFile   = verdictDir + "/secret/folder/file"
	hideSecret   = "file: {matchPatterns: [{pattern: \"**/secret/**\"}]}"
	onlyPublic   = "file: {matchPatterns: [{pattern: \"**/public/**\", action: Allow}]}"
	writeNothing = "file: {matchPatterns: [{pattern: \"**/file\", readOnly: true}]}"
)

// furnishVerdicts makes a file in a folder called public.
func furnishVerdicts(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(verdictDir); err != nil {
		t.Fatal(err)
	}
	makeFile(t, publicFile)
}

func makeFile(t *testing.T, name string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte("text"), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// verdictsOf are the entries about a container, by their place.
func (b *box) verdictsOf(t *testing.T) map[uint32]bpf.EnforcerVerdict {
	t.Helper()
	n := b.guest.objects.Verdicts.MaxEntries()
	keys, values := make([]uint32, n), make([]bpf.EnforcerVerdict, n)
	// At the end of an array there is no next key.
	if _, err := b.guest.objects.Verdicts.BatchLookup(new(ebpf.MapBatchCursor), keys, values, nil); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		t.Fatal(err)
	}
	all := map[uint32]bpf.EnforcerVerdict{}
	for i, v := range values {
		if v.Container == b.guest.containers[b.name].id && v.Inode != 0 {
			all[keys[i]] = v
		}
	}
	return all
}

// remember opens a file until its verdict is remembered, which another open shows: that finds
// nothing anew, so no entry is written. A file system's first open may be while its folder changes.
func (b *box) remember(t *testing.T, r *reader, task string) {
	t.Helper()
	for range 20 {
		if !r.do(t, "%s", task) {
			t.Fatalf("%s is denied", task)
		}
		before := b.verdictsOf(t)
		if len(before) == 0 {
			continue
		}
		r.do(t, "%s", task)
		if maps.Equal(before, b.verdictsOf(t)) {
			return
		}
	}
	t.Fatalf("%s: the verdict is not remembered", task)
}

// A rememberedCase changes something behind a verdict that is remembered.
type rememberedCase struct {
	spec    string
	prepare func(t *testing.T)            // nil: nothing
	first   string                        // what is let, and remembered
	change  func(t *testing.T, r *reader) // by the container or the host
	then    string                        // what is denied after it
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rememberedCases() map[string]rememberedCase {
	const public, secret = verdictDir + "/public", verdictDir + "/secret"
	read, readSecret := "read "+publicFile, "read "+secretFile
	inside := func(tasks ...string) func(*testing.T, *reader) {
		return func(t *testing.T, r *reader) {
			for _, task := range tasks {
				if !r.do(t, "%s", task) {
					t.Fatalf("%s is denied", task)
				}
			}
		}
	}
	host := func(change func() error) func(*testing.T, *reader) {
		return func(t *testing.T, _ *reader) { must(t, change()) }
	}
	also := func(name string) func(*testing.T) { return func(t *testing.T) { makeFile(t, name) } }
	return map[string]rememberedCase{
		"the folder above is renamed by the host":      {hideSecret, nil, read, host(func() error { return os.Rename(public, secret) }), readSecret},
		"the folder above is renamed by the container": {hideSecret, nil, read, inside("rename " + public + " " + secret), readSecret},
		"the file is renamed by the host":              {hideSecret, also(secret + "/other"), read, host(func() error { return os.Rename(publicFile, secret+"/file") }), "read " + secret + "/file"},
		"folders are exchanged by the host": {hideSecret, also(secretFile), read, host(func() error {
			return unix.Renameat2(unix.AT_FDCWD, public, unix.AT_FDCWD, secret, unix.RENAME_EXCHANGE)
		}), readSecret},
		"folders are exchanged by the container": {hideSecret, also(secretFile), read, inside("exchange " + public + " " + secret), readSecret},
		"an allowed folder is renamed":           {onlyPublic, nil, read, host(func() error { return os.Rename(public, secret) }), readSecret},
		"the file gets another name, and loses its own": {hideSecret, also(secret + "/other"), read, host(func() error {
			return errors.Join(os.Link(publicFile, secret+"/file"), os.Remove(publicFile), dropCaches())
		}), "read " + secret + "/file"},
		"another file is mounted over it":             {hideSecret, also(secretFile), read, host(func() error { return unix.Mount(secretFile, publicFile, "", unix.MS_BIND, "") }), read},
		"another folder is mounted over one above":    {hideSecret, also(secretFile), read, host(func() error { return unix.Mount(secret, public, "", unix.MS_BIND, "") }), read},
		"reading says nothing of writing":             {writeNothing, nil, read, host(func() error { return nil }), "write " + publicFile},
		"it is deleted, and opened by its descriptor": {onlyPublic, nil, read, inside("hold "+publicFile, "unlink "+publicFile), "read-held"},
		"another file has its inode and its entry":    {hideSecret, nil, read, reuse, "read " + secret + "/file100"},
	}
}

func dropCaches() error { return os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0) }

// reuse makes, remembers and removes files again and again, so that what is made next comes to stand where they did.
func reuse(t *testing.T, r *reader) {
	makeFile(t, verdictDir+"/secret/file100")
	for range 300 {
		must(t, os.Remove(publicFile))
		must(t, os.Remove(verdictDir+"/secret/file100"))
		makeFile(t, verdictDir+"/secret/file100")
		if r.do(t, "read %s/secret/file100", verdictDir) {
			t.Fatal("a file that stands where another stood was let through")
		}
		must(t, os.Remove(verdictDir+"/secret/file100"))
		makeFile(t, publicFile)
		r.do(t, "read %s", publicFile)
		makeFile(t, verdictDir+"/secret/file100")
	}
}

func TestARememberedVerdictHoldsNoLongerThanItsNames(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	for name, c := range rememberedCases() {
		t.Run(name, func(t *testing.T) {
			furnishVerdicts(t)
			if c.prepare != nil {
				c.prepare(t)
			}
			t.Cleanup(func() {
				for _, point := range []string{publicFile, verdictDir + "/public"} {
					_ = unix.Unmount(point, unix.MNT_DETACH) // most cases mount nothing
				}
			})
			b := g.box(t, "verdict", c.spec)
			r := b.startReader(t)
			b.remember(t, r, c.first)
			c.change(t, r)
			if r.do(t, "%s", c.then) {
				t.Errorf("%s was let through", c.then)
			}
			// And that is not remembered as anything else.
			if r.do(t, "%s", c.then) {
				t.Errorf("%s was let through the second time", c.then)
			}
		})
	}
}

// TestVerdictsAreRememberedOfOneContainerUnderOneSetOfPolicies has what is remembered of another container, and
// of other policies, mean nothing.
func TestVerdictsAreRememberedOfOneContainerUnderOneSetOfPolicies(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnishVerdicts(t)
	makeFile(t, secretFile)
	open, closed := g.box(t, "open", "file: {matchPaths: [{path: /no/such}]}"), g.box(t, "closed", hideSecret)
	in, out := open.startReader(t), closed.startReader(t)
	for range 10 {
		open.remember(t, in, "read "+secretFile)
		if out.do(t, "read %s", secretFile) {
			t.Fatal("another container's verdict was taken")
		}
	}
	for range 50 {
		open.apply(t, hideSecret)
		if in.do(t, "read %s", secretFile) {
			t.Fatal("the verdict of other policies was taken")
		}
		open.apply(t, "file: {matchPaths: [{path: /no/such}]}")
		if !in.do(t, "read %s", secretFile) {
			t.Fatal("what no rule is about was denied")
		}
	}
}

// TestASecondMountGivesNoOtherVerdict has a folder that is mounted twice when the containers start: by whichever way it is
// reached, it has one name, whatever another container remembers of the same inode.
func TestASecondMountGivesNoOtherVerdict(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnishVerdicts(t)
	makeFile(t, secretFile)
	must(t, unix.Mount(verdictDir+"/public/folder", verdictDir+"/secret/folder", "", unix.MS_BIND, ""))
	t.Cleanup(func() { must(t, unix.Unmount(verdictDir+"/secret/folder", unix.MNT_DETACH)) })
	open, closed := g.box(t, "open", "file: {matchPaths: [{path: /no/such}]}"), g.box(t, "closed", hideSecret)
	in, out := open.startReader(t), closed.startReader(t)
	for range 5 {
		for _, name := range []string{publicFile, secretFile} {
			open.remember(t, in, "read "+name)
			if out.do(t, "read %s", name) {
				t.Errorf("%s: let through by its other mount", name)
			}
		}
	}
}

// TestWhatDependsOnTheCallerIsNotRemembered opens a file that one program may read, and one that is audited.
func TestWhatDependsOnTheCallerIsNotRemembered(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnishVerdicts(t)
	self, err := os.Readlink("/proc/self/exe")
	must(t, err)
	b := g.box(t, "source", "file: {matchPaths: [{path: "+publicFile+"}, {path: "+publicFile+", action: Allow, fromSource: [{path: "+self+"}]}]}")
	r := b.startReader(t)
	for range 5 {
		if !r.do(t, "read %s", publicFile) {
			t.Fatal("the program that may read it is denied")
		}
	}
	if got := b.run(t, "cat", publicFile); got.exit == 0 {
		t.Error("another program was let through")
	}
	told := g.box(t, "audit", "file: {matchPaths: [{path: "+publicFile+", action: Audit}]}")
	r = told.startReader(t)
	for range 5 {
		if !r.do(t, "read %s", publicFile) {
			t.Fatal("what is audited is denied")
		}
	}
	if n := operations(g.of(t, "audit")); n != 5 {
		t.Errorf("%d opens were told, want 5", n)
	}
}

// TestAnInodeTakesItsVerdictAlong has none left of a file that is gone, whose inode's address another may get, and none
// taken of one that had another name meanwhile.
func TestAnInodeTakesItsVerdictAlong(t *testing.T) {
	g := newGuest(t, Options{})
	furnishVerdicts(t)
	b := g.box(t, "along", hideSecret)
	r := b.startReader(t)
	b.remember(t, r, "read "+publicFile)
	before := b.verdictsOf(t)
	must(t, errors.Join(os.Link(publicFile, publicFile+"2"), os.Remove(publicFile+"2")))
	r.do(t, "read %s", publicFile)
	if maps.Equal(before, b.verdictsOf(t)) {
		t.Error("a verdict was taken of a file that had two names meanwhile")
	}
	b.remember(t, r, "read "+publicFile)
	must(t, os.Remove(publicFile))
	if left := b.verdictsOf(t); len(left) > 0 {
		t.Errorf("the verdict on a file is there after the file: %v", left)
	}
}

// TestVerdictsGrowOld has an entry that was made long ago mean nothing: every number that it is compared by
// comes round at some time.
func TestVerdictsGrowOld(t *testing.T) {
	g := newGuest(t, Options{})
	furnishVerdicts(t)
	b := g.box(t, "old", hideSecret)
	r := b.startReader(t)
	b.remember(t, r, "read "+publicFile)
	const age = 15000 // VERDICT_AGE
	for key, v := range b.verdictsOf(t) {
		v.Since -= age + 1
		must(t, g.objects.Verdicts.Put(key, v))
	}
	before := b.verdictsOf(t)
	if !r.do(t, "read %s", publicFile) {
		t.Fatal("what no rule is about was denied")
	}
	if maps.Equal(before, b.verdictsOf(t)) {
		t.Error("an old verdict was taken")
	}
}

// TestVerdictsBesideManyRenames moves a folder under a forbidden name and back while others rename as often as
// they can; each time a verdict has been remembered before.
func TestVerdictsBesideManyRenames(t *testing.T) {
	g := newGuest(t, Options{})
	furnishVerdicts(t)
	const stop = verdictDir + "/stop"
	makeFile(t, verdictDir+"/moving")
	b := g.box(t, "many", hideSecret)
	r := b.startReader(t)
	done := make(chan result)
	go func() { done <- b.run(t, "helper: keep-renaming "+verdictDir+"/moving "+stop) }()
	public, secret := strings.TrimSuffix(publicFile, "/folder/file"), strings.TrimSuffix(secretFile, "/folder/file")
	for range 1000 {
		// A name that changes whenever it is read is denied; so some are, as often as others rename.
		for n := 0; !r.do(t, "read %s", publicFile); n++ {
			if n == 100 {
				t.Fatal("what no rule is about is denied")
			}
		}
		must(t, os.Rename(public, secret))
		if r.do(t, "read %s", secretFile) {
			t.Fatal("a verdict outlived the name it was on")
		}
		must(t, os.Rename(secret, public))
	}
	must(t, os.WriteFile(stop, nil, 0o644))
	if got := <-done; got.exit != 0 {
		t.Error(got.output)
	}
}

// TestACopyThatIsMadeWhenWritingIsJudgedAnew remembers the reading of a file below an overlay, which writing copies up.
func TestACopyThatIsMadeWhenWritingIsJudgedAnew(t *testing.T) {
	g := newGuest(t, Options{})
	furnishVerdicts(t)
	// The guest's root is on ext4; the layers are on a tmpfs, so that no overlay stands on another.
	must(t, unix.Mount("none", verdictDir, "tmpfs", 0, ""))
	t.Cleanup(func() { must(t, unix.Unmount(verdictDir, unix.MNT_DETACH)) })
	for _, dir := range []string{"upper", "work", "merged"} {
		must(t, os.MkdirAll(verdictDir+"/"+dir, 0o755))
	}
	makeFile(t, verdictDir+"/lower/public/file")
	must(t, unix.Mount("overlay", verdictDir+"/merged", "overlay", 0,
		"lowerdir="+verdictDir+"/lower,upperdir="+verdictDir+"/upper,workdir="+verdictDir+"/work"))
	t.Cleanup(func() { must(t, unix.Unmount(verdictDir+"/merged", unix.MNT_DETACH)) })
	const merged = verdictDir + "/merged/public"
	b := g.box(t, "overlay", "file: {matchPatterns: [{pattern: \"**/secret/**\"}, {pattern: \"**/public/file\", readOnly: true}]}")
	r := b.startReader(t)
	b.remember(t, r, "read "+merged+"/file")
	if r.do(t, "write %s/file", merged) {
		t.Error("what may be read was written")
	}
	must(t, os.Chmod(merged+"/file", 0o600)) // by the host: it is copied up
	b.remember(t, r, "read "+merged+"/file")
	if r.do(t, "write %s/file", merged) {
		t.Error("what may be read was written, behind its copying")
	}
	must(t, os.Mkdir(verdictDir+"/merged/secret", 0o755))
	must(t, os.Rename(merged+"/file", verdictDir+"/merged/secret/file"))
	if r.do(t, "read %s/merged/secret/file", verdictDir) {
		t.Error("the copy was read under its new name")
	}
}
