"""Holds evidence of an exchange's log against a stranger's package, in an environment that knows nothing of us.

``check.py proofbundle|aics-tlog FILE`` reads the questions and writes one verdict for each. proofbundle reads
``.tlog-proof`` itself; aics-tlog knows notes, trees and tiles, so the lines before the note are read here.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any


def proofbundle(asked: dict[str, Any]) -> dict[str, list[bool]]:
    from proofbundle.tlogproof import verify_tlog_proof  # type: ignore[import-not-found]

    def holds(one: dict[str, str], witnesses: list[str]) -> bool:
        try:
            text = base64.b64decode(one["proof"]).decode("utf-8")
        except UnicodeDecodeError:
            return False
        said = verify_tlog_proof(
            text,
            base64.b64decode(one["leaf"]),
            asked["log"],
            witnesses,
            threshold=asked["quorum"],
            expected_origin=asked["log"].partition("+")[0],
        )
        return said["ok"] is True

    quantum = [asked["witnesses"][0], asked["quantum"]]
    return {
        "proofs": [holds(one, asked["witnesses"]) for one in asked["proofs"]],
        "quantum_proofs": [holds(one, quantum) for one in asked["quantum_proofs"]],
    }


class Aics:
    """The questions put to aics-tlog."""

    def __init__(self, asked: dict[str, Any]) -> None:
        import aics_tlog  # type: ignore[import-not-found]

        self.api = aics_tlog
        self.log = aics_tlog.parse_vkey(asked["log"])
        self.witnesses = [aics_tlog.parse_vkey(text) for text in asked["witnesses"]]
        self.quorum = asked["quorum"]
        self.files = aics_tlog.FileSystemTileReader(asked["folder"])

    def head(self, text: str) -> Any:
        said = self.api.verify_checkpoint(
            self.api.parse_note(text), self.log, self.witnesses, self.quorum, expected_origin=self.log.name
        )
        if not said.ok:
            raise ValueError(said.error)
        return said

    def proof(self, proof: bytes, leaf: bytes) -> bool:
        head, blank, checkpoint = proof.decode("utf-8").partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
            raise ValueError("not a proof")
        if lines[0].startswith("extra "):
            lines.pop(0)
        word, _, digits = lines.pop(0).partition(" ")
        if word != "index" or str(int(digits)) != digits:
            raise ValueError("no index")
        path = [base64.b64decode(line, validate=True) for line in lines]
        if any(len(item) != 32 for item in path):
            raise ValueError("not a hash")
        tree = self.head(checkpoint)
        held: bool = self.api.verify_leaf_inclusion(leaf, int(digits), tree.size, path, tree.root)
        return held

    def step(self, old: str, new: str, proof: list[bytes]) -> bool:
        before, after = self.head(old), self.head(new)
        held: bool = self.api.verify_consistency(before.size, after.size, before.root, after.root, proof)
        return held

    def audit(self, text: str, replaced: dict[str, bytes]) -> bool:
        head = self.head(text)
        self.api.audit_tiles(Served(self.api, self.files, replaced), head.size, head.root)
        return True

    def roots(self, asked: list[dict[str, Any]]) -> list[bool]:
        """Compare the roots of a tree whose entries are the decimal numbers from 0; the sizes ascend."""
        tree = self.api.MerkleTree()
        said = []
        for one in asked:
            tree.extend(str(number).encode() for number in range(tree.size, one["size"]))
            said.append(tree.root() == decoded(one["root"]))
        return said


class Served:
    """The log's files, some of them replaced."""

    def __init__(self, api: Any, files: Any, replaced: dict[str, bytes]) -> None:
        self.paths = api.tiles
        self.files = files
        self.replaced = replaced

    def read_tile(self, level: int, index: int, width: int | None) -> bytes | None:
        path = self.paths.tile_path(level, index, width)
        data: bytes | None = self.replaced.get(path) or self.files.read_tile(level, index, width)
        return b"" if self.replaced.get(path) == b"" else data

    def read_entry_bundle(self, index: int, width: int | None) -> bytes | None:
        path = self.paths.entry_bundle_path(index, width)
        data: bytes | None = self.replaced.get(path) or self.files.read_entry_bundle(index, width)
        return b"" if self.replaced.get(path) == b"" else data


def aics(asked: dict[str, Any]) -> dict[str, list[bool]]:
    it = Aics(asked)

    def holds(check: Any, *arguments: Any) -> bool:
        try:
            return check(*arguments) is True
        except (ValueError, OSError):  # what this package raises for evidence it does not accept
            return False

    return {
        "proofs": [holds(it.proof, decoded(one["proof"]), decoded(one["leaf"])) for one in asked["proofs"]],
        "steps": [
            holds(it.step, one["old"], one["new"], [decoded(item) for item in one["proof"]])
            for one in asked["steps"]
        ],
        "logs": [
            holds(it.audit, one["head"], {path: decoded(data) for path, data in one["replaced"].items()})
            for one in asked["logs"]
        ],
        "roots": it.roots(asked["roots"]),
    }


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


if __name__ == "__main__":
    questions = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    json.dump({"proofbundle": proofbundle, "aics-tlog": aics}[sys.argv[1]](questions), sys.stdout)
