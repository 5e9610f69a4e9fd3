package automaton

// hashRow hashes where each byte leads from s, class by class: it does not depend
// on which target the row has as its default.
func hashRow(r *rows, s uint32, class []uint32) uint64 {
	def, edges := r.row(s)
	d := mix(uint64(class[def]))
	sum := d * sumOfWeights
	for _, e := range edges {
		sum += (mix(uint64(class[e.To])) - d) * weightOf(e.Byte)
	}
	return sum
}

// sumOfWeights is the sum of weightOf over all bytes: 256 odd numbers from 1 on.
const sumOfWeights = 256 * 256

func weightOf(b byte) uint64 { return 2*uint64(b) + 1 }

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// equalRows reports whether each byte leads from s and t to the same class.
func equalRows(r *rows, s, t uint32, class []uint32) bool {
	sDef, sEdges := r.row(s)
	tDef, tEdges := r.row(t)
	covered := 0
	for len(sEdges) > 0 || len(tEdges) > 0 {
		covered++
		sTo, tTo := sDef, tDef
		b := 256
		if len(sEdges) > 0 {
			b = int(sEdges[0].Byte)
		}
		if len(tEdges) > 0 {
			b = min(b, int(tEdges[0].Byte))
		}
		if len(sEdges) > 0 && int(sEdges[0].Byte) == b {
			sTo = uint32(sEdges[0].To)
			sEdges = sEdges[1:]
		}
		if len(tEdges) > 0 && int(tEdges[0].Byte) == b {
			tTo = uint32(tEdges[0].To)
			tEdges = tEdges[1:]
		}
		if class[sTo] != class[tTo] {
			return false
		}
	}
	return covered == 256 || class[sDef] == class[tDef]
}
