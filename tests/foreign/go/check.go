// Holds evidence of an exchange's log against Go's own transparency packages, golang.org/x/mod/sumdb, which know
// nothing of us. Reads the questions as JSON from the file named, writes one verdict for each.
//
// The packages know Ed25519 notes and no witnesses, so two things are added through their own interfaces: a verifier of
// cosignature/v1 lines, and the demand for a quorum of them.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type questions struct {
	Log       string
	Witnesses []string
	Quorum    int
	Folder    string
	Proofs    []struct{ Proof, Leaf []byte }
	Steps     []struct {
		Old, New string
		Proof    [][]byte
	}
	Logs []struct {
		Head     string
		Replaced map[string][]byte
	}
	Roots []struct {
		Size int64
		Root []byte
	}
}

type verdicts struct {
	Proofs []bool `json:"proofs"`
	Steps  []bool `json:"steps"`
	Logs   []bool `json:"logs"`
	Roots  []bool `json:"roots"`
}

// witness verifies cosignature/v1: eight bytes of time, then Ed25519 over header, time and text.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(w.key, append([]byte(head), text...), signature[8:])
}

func newWitness(vkey string) *witness {
	parts := strings.SplitN(vkey, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 33 || data[0] != 4 {
		panic("not the key of an Ed25519 witness: " + vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	return &witness{parts[0], binary.BigEndian.Uint32(sum[:4]), data[1:]}
}

type checker struct {
	log    note.Verifier
	known  note.Verifiers
	quorum int
	folder string
}

// head returns the tree of a note that the log and a quorum of witnesses signed.
func (c *checker) head(text string) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open([]byte(text), c.known)
	if err != nil {
		return tree, err
	}
	logs, witnesses := 0, 0
	for _, signature := range opened.Sigs {
		if signature.Name == c.log.Name() && signature.Hash == c.log.KeyHash() {
			logs++
		} else {
			witnesses++
		}
	}
	if logs == 0 || witnesses < c.quorum {
		return tree, errors.New("no quorum")
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != c.log.Name() {
		return tree, errors.New("not a checkpoint of this log")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(tree.N, 10) != lines[1] || tree.N < 0 {
		return tree, errors.New("not a size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || copy(tree.Hash[:], root) != tlog.HashSize || len(root) != tlog.HashSize {
		return tree, errors.New("not a root")
	}
	return tree, nil
}

func (c *checker) proof(proof, leaf []byte) error {
	head, checkpoint, found := strings.Cut(string(proof), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	digits := strings.TrimPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(index, 10) != digits {
		return errors.New("not an index")
	}
	var path tlog.RecordProof
	for _, line := range lines[1:] {
		data, err := base64.StdEncoding.DecodeString(line)
		var hash tlog.Hash
		if err != nil || len(data) != copy(hash[:], data) || len(data) != tlog.HashSize {
			return errors.New("not a hash")
		}
		path = append(path, hash)
	}
	tree, err := c.head(checkpoint)
	if err != nil {
		return err
	}
	if index < 0 || index >= tree.N {
		return errors.New("outside of the log")
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

func (c *checker) step(old, new string, proof [][]byte) error {
	before, err := c.head(old)
	if err != nil {
		return err
	}
	after, err := c.head(new)
	if err != nil {
		return err
	}
	var path tlog.TreeProof
	for _, data := range proof {
		var hash tlog.Hash
		if len(data) != copy(hash[:], data) || len(data) != tlog.HashSize {
			return errors.New("not a hash")
		}
		path = append(path, hash)
	}
	if before.N < 1 || before.N > after.N {
		return errors.New("not in order")
	}
	return tlog.CheckTree(path, after.N, after.Hash, before.N, before.Hash)
}

// files serves the tiles of a folder, some of them replaced. Go's tiles have their height in the path, C2SP's do not.
type files struct {
	folder   string
	replaced map[string][]byte
}

func (f *files) Height() int                     { return 8 }
func (f *files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f *files) read(path string) ([]byte, error) {
	if data, found := f.replaced[path]; found {
		return data, nil
	}
	return os.ReadFile(filepath.Join(f.folder, filepath.FromSlash(path)))
}

func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// audit proves every hash under the head from the tiles, and holds every entry against its hash.
func (c *checker) audit(head string, replaced map[string][]byte) error {
	tree, err := c.head(head)
	if err != nil {
		return err
	}
	served := &files{c.folder, replaced}
	var indexes []int64
	for n := int64(0); n < tree.N; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	hashes, err := tlog.TileHashReader(tree, served).ReadHashes(indexes)
	if err != nil {
		return err
	}
	for first := int64(0); first < tree.N; first += 256 {
		width := int(tree.N - first)
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: width}
		data, err := served.read(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))
		if err != nil {
			return err
		}
		for n := first; n < first+int64(width); n++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return errors.New("bundle ends early")
			}
			length := 2 + int(binary.BigEndian.Uint16(data))
			if hash := tlog.RecordHash(data[2:length]); !bytes.Equal(hash[:], hashes[n][:]) {
				return fmt.Errorf("entry %d is not the one in the log", n)
			}
			data = data[length:]
		}
		if len(data) != 0 {
			return errors.New("bundle is too long")
		}
	}
	return nil
}

// stored keeps the hashes of a growing tree as Go's own log does.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, s[index])
	}
	return found, nil
}

// roots grows a tree whose entries are the decimal numbers from 0 and compares its roots; the sizes ascend.
func roots(asked questions) ([]bool, error) {
	var said []bool
	var tree stored
	size := int64(0)
	for _, one := range asked.Roots {
		for ; size < one.Size; size++ {
			hashes, err := tlog.StoredHashes(size, []byte(strconv.FormatInt(size, 10)), tree)
			if err != nil {
				return nil, err
			}
			tree = append(tree, hashes...)
		}
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return nil, err
		}
		said = append(said, bytes.Equal(root[:], one.Root))
	}
	return said, nil
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var asked questions
	if err := json.Unmarshal(text, &asked); err != nil {
		panic(err)
	}
	log, err := note.NewVerifier(asked.Log)
	if err != nil {
		panic(err)
	}
	known := []note.Verifier{log}
	for _, vkey := range asked.Witnesses {
		known = append(known, newWitness(vkey))
	}
	c := &checker{log, note.VerifierList(known...), asked.Quorum, asked.Folder}
	var said verdicts
	for _, one := range asked.Proofs {
		said.Proofs = append(said.Proofs, c.proof(one.Proof, one.Leaf) == nil)
	}
	for _, one := range asked.Steps {
		said.Steps = append(said.Steps, c.step(one.Old, one.New, one.Proof) == nil)
	}
	for _, one := range asked.Logs {
		said.Logs = append(said.Logs, c.audit(one.Head, one.Replaced) == nil)
	}
	if said.Roots, err = roots(asked); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
}
