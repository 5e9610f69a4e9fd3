// Package store keeps what an agent has to find again after it was killed: small records in
// a folder, one file each, written whole or not at all. A record says with which version of
// this format and since which boot it was written, and carries a checksum: what is not whole,
// not of this boot or not understood is not there.
package store
