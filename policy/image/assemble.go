package image

import (
	"errors"
	"fmt"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// Automata of an image, in the order of their states.
const (
	automatonFiles = iota
	automatonPrograms
	automatonNames
	automatonSources
	automatonArguments
	automatonEndpoints // of each family
	automata           = automatonEndpoints + endpointFamilies
)

// merged are the automata of an image in one numbering: first the states that
// have work to do, then the sinks.
type merged struct {
	cells     []uint32
	starts    [automata]uint32
	firstSink uint32
}

// mergeAutomata renumbers packed automata into one table: their cells stand one behind the
// other, and the records of all sinks behind those. A sink has no cell but its record.
func mergeAutomata(parts [automata]automaton.Packed) merged {
	var m merged
	for i, p := range parts {
		m.firstSink += width(i, p)
	}
	m.firstSink -= automaton.RecordColumn
	var sinks []uint32
	for i, p := range parts {
		base, sink := uint32(len(m.cells)/2), m.firstSink+uint32(len(sinks)/2)
		number := func(s uint32) uint32 {
			if s >= p.FirstSink {
				return sink + s - p.FirstSink
			}
			return base + s
		}
		for n, cell := range p.Cells {
			to := &m.cells
			if uint32(n) >= p.FirstSink+automaton.RecordColumn {
				to = &sinks
			} else if uint32(n) >= width(i, p) {
				continue
			}
			switch {
			case cell.Check == automaton.EmptyCell:
				*to = append(*to, CellEmpty, 0)
			case cell.Check&automaton.Record != 0:
				*to = append(*to, cell.Check, number(cell.Next))
			default:
				*to = append(*to, number(cell.Check), number(cell.Next))
			}
		}
		m.starts[i] = number(p.Start)
	}
	m.cells = append(m.cells, sinks...)
	return m
}

// width returns how many cells stand before the records of an automaton's sinks: none where it
// has no other states, as where a profile has no such rules. The first automaton keeps its own:
// a sink's record stands RecordColumn cells behind its number.
func width(i int, p automaton.Packed) uint32 {
	if i > 0 && p.FirstSink == 0 {
		return 0
	}
	return p.FirstSink + automaton.RecordColumn
}

// assemble builds the automata and tables and lays them out.
func (c *compiler) assemble() ([]uint32, error) {
	files, err := automaton.BuildAliased(c.files, automaton.Alias{Prefix: "/proc/", Name: "self", Marker: SelfMarker}, automaton.Caps{})
	if err != nil {
		return nil, c.refusal("file rules", err)
	}
	programs, err := c.build("process rules", c.programs)
	if err != nil {
		return nil, err
	}
	names, err := c.nameAutomaton()
	if err != nil {
		return nil, err
	}
	arguments, err := c.arguments.automaton()
	if err != nil {
		return nil, c.refusal("allowedArgs", err)
	}
	if err := c.sources.compile(); err != nil {
		return nil, c.refusal("fromSource", err)
	}
	endpoints, err := c.endpointAutomata()
	if err != nil {
		return nil, err
	}
	tables, err := c.tables(files, programs)
	if err != nil {
		return nil, err
	}
	if tables.endpoints, err = c.endpointWords(endpoints); err != nil {
		return nil, err
	}
	auto := mergeAutomata([automata]automaton.Packed{files.Pack(), programs.Pack(), acceptOnlyID(names), c.sources.auto.Pack(), arguments,
		endpoints[endpoint4].Pack(), shiftSets(endpoints[endpoint6].Pack(), tables.endpoints.rows6)})
	return c.layOut(auto, tables)
}

// acceptOnlyID packs an automaton over exact names, each of which one pattern is about: it accepts
// that pattern's ID, or 0.
func acceptOnlyID(a *automaton.Automaton) automaton.Packed {
	packed := a.Pack()
	for i := range packed.Cells {
		cell := &packed.Cells[i]
		if cell.Check&automaton.Record == 0 || cell.Check == automaton.EmptyCell {
			continue
		}
		id := 0
		if ids := a.Set(automaton.SetID(cell.Check &^ automaton.Record)); len(ids) > 0 {
			id = ids[0]
		}
		cell.Check = automaton.Record | uint32(id)
	}
	return packed
}

// endpointAutomata builds the automata over endpoints of both families.
func (c *compiler) endpointAutomata() (of [endpointFamilies]*automaton.Automaton, err error) {
	for family, patterns := range c.endpoints {
		a, err := automaton.BuildSequences(patterns, automaton.Caps{})
		if err != nil {
			return of, c.refusal("endpoint rules", err)
		}
		of[family] = a
	}
	return of, nil
}

// shiftSets renumbers what an automaton accepts, to rows behind those of another.
func shiftSets(p automaton.Packed, by uint32) automaton.Packed {
	for i := range p.Cells {
		if cell := &p.Cells[i]; cell.Check != automaton.EmptyCell && cell.Check&automaton.Record != 0 {
			cell.Check += by
		}
	}
	return p
}

// nameAutomaton accepts the columns' names; it reads a last component without a slash.
func (c *compiler) nameAutomaton() (*automaton.Automaton, error) {
	patterns := make([]automaton.Pattern, len(c.names))
	for i, n := range c.names {
		patterns[i] = automaton.Pattern{ID: ColumnFirst + i, Kind: automaton.Exact, Path: n}
	}
	return c.build("names of links and execnames", patterns)
}

// tables are the decision words of an image.
type tables struct {
	files, programs, sockets, capabilities []uint32
	sourceFlags, traces                    []uint32
	syscalls                               []uint32 // none where nothing is reported
	columns, filelessSet, memory, outside  uint32
	endpoints                              endpointTable
}

func (c *compiler) tables(files, programs *automaton.Automaton) (tables, error) {
	var t tables
	if err := errors.Join(c.compileMoves(policy.File, files), c.compileMoves(policy.Process, programs)); err != nil {
		return t, err
	}
	for set := range files.NumSets() {
		ids := files.Set(automaton.SetID(set))
		t.files = append(t.files, c.fileWord(ids, policy.OpRead, false), c.fileWord(ids, policy.OpWrite, false), c.fileWord(ids, policy.OpWrite, true),
			c.moves[policy.File].class(set))
	}
	t.columns = ColumnFirst
	if len(c.names) > 0 {
		t.columns += uint32(len(c.names))
	}
	if size := programs.NumSets() * int(t.columns); size > maxProgramWords {
		return t, &TooComplexError{Problem: fmt.Sprintf("process rules times names of links and execnames need %d decisions, the limit is %d: use fewer execnames, or fewer rules", size, maxProgramWords)}
	}
	for set := range programs.NumSets() {
		c.programRow(&t, programs.Set(automaton.SetID(set)), nil)
	}
	if presets := c.presets(policy.PresetFilelessExec); len(presets) > 0 {
		t.filelessSet = uint32(programs.NumSets())
		c.programRow(&t, nil, presets)
	}
	t.memory = c.memoryWord()
	t.sockets = c.socketWords()
	t.capabilities = c.capabilityWords()
	t.outside = c.outsideWord()
	var err error
	if t.syscalls, err = c.syscallWords(); err != nil {
		return t, err
	}
	t.sourceFlags, t.traces, err = c.traceWords()
	return t, err
}

func (c *compiler) programRow(t *tables, set []int, presets []policy.RuleRef) {
	for column := range int(t.columns) {
		t.programs = append(t.programs, c.programWord(set, column, presets))
	}
}

// layOut writes header and sections; cells {check, next} stand on even words.
func (c *compiler) layOut(auto merged, t tables) ([]uint32, error) {
	w := make([]uint32, HeaderSize)
	section := func(header int, words []uint32) {
		if len(w)%2 != 0 {
			w = append(w, 0)
		}
		w[header] = uint32(len(w))
		w = append(w, words...)
	}
	w[HeaderMagic], w[HeaderVersion] = Magic, Version
	w[HeaderFileStart], w[HeaderExecStart], w[HeaderNameStart] = auto.starts[automatonFiles], auto.starts[automatonPrograms], auto.starts[automatonNames]
	w[HeaderSourceStart], w[HeaderSourceSets] = auto.starts[automatonSources], uint32(c.sources.sets())
	w[HeaderEndpoint4Start], w[HeaderEndpoint6Start] = auto.starts[automatonEndpoints+endpoint4], auto.starts[automatonEndpoints+endpoint6]
	w[HeaderFirstSink] = auto.firstSink
	section(HeaderCells, auto.cells)
	section(HeaderFileWords, t.files)
	section(HeaderExecWords, t.programs)
	program := c.moves[policy.Process]
	var classes []uint32
	for set := range program.classFrom {
		classes = append(classes, program.class(set))
	}
	section(HeaderExecClasses, classes)
	section(HeaderFileMoves, c.moves[policy.File].words)
	section(HeaderExecMoves, program.words)
	w[HeaderExecColumns] = t.columns
	questions := make([]uint32, 0, 3*len(c.nodes.list))
	for _, n := range c.nodes.list {
		questions = append(questions, n.condition, n.yes, n.no)
	}
	section(HeaderNodes, questions)
	section(HeaderSocketWords, t.sockets)
	section(HeaderCapabilityWords, t.capabilities)
	section(HeaderSyscallWords, t.syscalls)
	w[HeaderHandleRead], w[HeaderHandleWrite], w[HeaderHandleExec] = c.handleWord(policy.OpRead), c.handleWord(policy.OpWrite), c.handleWord(policy.OpExec)
	w[HeaderForeign] = c.callerWord(policy.Operation{Kind: policy.OpWrite, Change: policy.ChangeForeign})
	section(HeaderSourceFlags, t.sourceFlags)
	section(HeaderTraceWords, t.traces)
	w[HeaderOutsideWord] = t.outside
	section(HeaderEndpointColumns, t.endpoints.columns)
	section(HeaderEndpointWords, t.endpoints.words)
	w[HeaderArgumentStart] = auto.starts[automatonArguments]
	w[HeaderEndpointWidth], w[HeaderEndpointRows] = t.endpoints.width, t.endpoints.rows
	section(HeaderOutcomes, c.outcomes.words(c.profile))
	// A file without a name matches no rule by name: set 0 of either table.
	w[HeaderUnnamedFileWords], w[HeaderUnnamedExecWord] = w[HeaderFileWords], t.programs[ColumnHidden]
	w[HeaderFilelessSet], w[HeaderMemoryWord] = t.filelessSet, t.memory
	w[HeaderNumCells] = uint32(len(auto.cells) / 2)
	w[HeaderNumNodes], w[HeaderNumOutcomes] = uint32(len(c.nodes.list)), uint32(len(c.outcomes.list))
	w[HeaderWords] = uint32(len(w))
	w[HeaderFlags], w[HeaderFreeUses] = c.imageFlags(t), t.endpoints.free()
	if len(w) > SlabWords {
		return nil, &TooComplexError{Problem: fmt.Sprintf("the compiled rules need %d bytes, the limit is %d: use directories or globs for what exact paths have in common", len(w)*4, SlabBytes)}
	}
	return w, nil
}

// imageFlags tells the hooks what they need not look at.
func (c *compiler) imageFlags(t tables) uint32 {
	flags := uint32(0)
	set := func(flag uint32, words ...uint32) {
		if slices.ContainsFunc(words, func(w uint32) bool { return w != 0 }) {
			flags |= flag
		}
	}
	for row := range slices.Chunk(t.files, FileOps) {
		set(FlagFile, row[FileRead], row[FileWrite])
		set(FlagNames, row[FileMove])
	}
	// With one pair there is one class of old names: that of names no rule is about.
	if len(c.moves[policy.File].words) > 2 || len(c.moves[policy.Process].words) > 2 {
		flags |= FlagNames
	}
	set(FlagExec, t.programs...)
	set(FlagNetwork, t.sockets...)
	set(FlagCapabilities, t.capabilities...)
	set(FlagSyscalls, t.syscalls...)
	set(FlagTrace, append(t.traces, t.outside)...)
	free := t.endpoints.free()
	for i, col := range columns() {
		if free>>i&1 != 0 {
			continue
		}
		if col.direction == DirectionIngress {
			flags |= FlagIngress
		} else {
			flags |= FlagEgress
		}
	}
	for i, w := range t.programs {
		if column := i % int(t.columns); w != 0 && (column == ColumnMapping || column == ColumnLoader) {
			flags |= FlagMappings
		}
	}
	if t.memory != 0 {
		flags |= FlagMemory
	}
	for _, n := range c.nodes.list {
		switch n.condition {
		case ConditionOwner:
			flags |= FlagOwner
		case ConditionTTY:
			flags |= FlagTTY
		case ConditionOtherTask, ConditionOtherEnviron:
			flags |= FlagOtherTask
		}
	}
	if len(c.names) > 0 {
		flags |= FlagStartedBy
	}
	if len(c.sources.ids) > 0 {
		flags |= FlagSources
	}
	if len(c.arguments.lists) > 0 {
		flags |= FlagArguments
	}
	return flags
}
