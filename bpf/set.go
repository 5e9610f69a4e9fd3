package bpf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Set names the programs and maps of this build: by the schema, and by the object itself, so
// that what an agent takes over as it is is what it would have loaded, to the byte.
func Set() string {
	sum := sha256.Sum256(_EnforcerBytes)
	return fmt.Sprintf("%d-%s%s", Schema, hex.EncodeToString(sum[:8]), variant)
}
