"""Changed proofs of entries that everybody must refuse.

Each change is drawn by a seeded generator and changes what is claimed, shown or signed. Changes that C2SP lets pass
are not among them: lines of keys nobody knows, a witness beyond the quorum, another spelling of the same base64.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from ledger import note
from ledger.cosign import Cosigner
from ledger.merkle import Tree, leaf_hash
from ledger.note import Signature, parse_note
from ledger.proof import Proof
from tests.foreign.history import LOG, SIZES, STRANGER, TIME, WITNESSES, History, key


@dataclass(frozen=True)
class Shown:
    """One entry shown to a verifier."""

    what: str
    proof: bytes
    leaf: bytes


def flip(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one bit turned."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


class Forger:
    """Changes one thing in an honest proof."""

    def __init__(self, history: History, chance: random.Random) -> None:
        self.history = history
        self.chance = chance
        self.size = chance.choice(SIZES)
        self.index = chance.randrange(self.size)
        self.leaf = history.leaves[self.index]
        self.proof = history.proof(self.index, self.size)
        self.text, self.lines = parse_note(self.proof.checkpoint)

    def forge(self) -> Shown:
        """Return the proof with one change that this proof allows."""
        long_enough = len(self.proof.hashes) > 1
        kinds = [*_ALWAYS, *(_WITH_A_PATH if long_enough else [])]
        kind: Callable[[Forger], Shown] = self.chance.choice(kinds)
        shown = kind(self)
        assert (shown.proof, shown.leaf) != (self.proof.text().encode(), self.leaf), kind
        return replace(shown, what=f"{kind.__name__} of {self.index} in {self.size}")

    def bit_of_the_leaf(self) -> Shown:
        return self._shown(leaf=flip(self.leaf, self.chance))

    def end_of_the_leaf(self) -> Shown:
        return self._shown(leaf=self.chance.choice([self.leaf[:-1], self.leaf + b"\n", b""]))

    def another_leaf(self) -> Shown:
        return self._shown(leaf=self.history.leaves[(self.index + 1 + self.chance.randrange(9)) % max(SIZES)])

    def another_index(self) -> Shown:
        others = [self.index + 1, self.index ^ 1, self.size, self.size + self.index, 2**62]
        return self._shown(
            replace(self.proof, index=self.chance.choice([n for n in others if n != self.index]))
        )

    def bit_of_the_path(self) -> Shown:
        return self._path(
            lambda path, place: [*path[:place], flip(path[place], self.chance), *path[place + 1 :]]
        )

    def hash_missing(self) -> Shown:
        return self._path(lambda path, place: path[:place] + path[place + 1 :])

    def hash_twice(self) -> Shown:
        return self._path(lambda path, place: [*path[: place + 1], *path[place:]])

    def path_reversed(self) -> Shown:
        return self._path(lambda path, place: path[::-1])

    def path_of_another(self) -> Shown:
        other = self.history.proof((self.index + 1) % self.size, self.size)
        return self._shown(replace(self.proof, hashes=other.hashes))

    def hash_too_many(self) -> Shown:
        path = list(self.proof.hashes)
        path.insert(self.chance.randrange(len(path) + 1), self.chance.randbytes(32))
        return self._shown(replace(self.proof, hashes=tuple(path)))

    def bit_of_the_signed_text(self) -> Shown:
        """Any bit, so the bytes may be no text at all any more."""
        data = self.proof.text().encode()
        text = self.text.encode()
        place = data.index(text)
        return Shown("", data[:place] + flip(text, self.chance) + data[place + len(text) :], self.leaf)

    def another_size(self) -> Shown:
        return self._note(
            text=self.text.replace(f"\n{self.size}\n", f"\n{self.size + self.chance.choice([1, 256])}\n")
        )

    def line_added(self) -> Shown:
        return self._note(text=self.text + "and more\n")

    def head_of_another_size(self) -> Shown:
        other = self.chance.choice([size for size in SIZES if size != self.size])
        return self._shown(replace(self.proof, checkpoint=self.history.head(other)))

    def bit_of_a_signature(self) -> Shown:
        """Of the log or of either witness, whose time is part of it."""
        place = self.chance.randrange(len(self.lines))
        line = self.lines[place]
        return self._line(place, replace(line, signature=flip(line.signature, self.chance)))

    def bit_of_a_key_id(self) -> Shown:
        place = self.chance.randrange(len(self.lines))
        return self._line(place, replace(self.lines[place], id=flip(self.lines[place].id, self.chance)))

    def another_name(self) -> Shown:
        place = self.chance.randrange(len(self.lines))
        name = self.lines[place].name
        letter = self.chance.randrange(len(name))
        changed = "z" if name[letter] != "z" else "y"
        return self._line(
            place, replace(self.lines[place], name=name[:letter] + changed + name[letter + 1 :])
        )

    def signer_missing(self) -> Shown:
        place = self.chance.randrange(len(self.lines))
        return self._note(lines=[line for number, line in enumerate(self.lines) if number != place])

    def one_witness_twice(self) -> Shown:
        return self._note(lines=[*self.lines[:2], self.lines[1]])

    def stranger_for_a_witness(self) -> Shown:
        return self._cosigned(STRANGER)

    def log_for_a_witness(self) -> Shown:
        """The log's own key under a witness's name."""
        return self._cosigned(Cosigner(self.lines[2].name, LOG.private))

    def witness_of_another_head(self) -> Shown:
        """What the witness signed, but for the head of another size."""
        other = self.size - 3 if self.size > 3 else self.size + 3  # cosigned by the same two
        return self._note(lines=[*self.lines[:2], parse_note(self.history.head(other))[1][2]])

    def another_log_of_that_name(self) -> Shown:
        text = self.text
        forged = note.Signer(LOG.name, key(30)).sign(text)
        return self._shown(replace(self.proof, checkpoint=forged + self._note_lines(self.lines[1:])))

    def fork_without_witnesses(self) -> Shown:
        """Another history that the log's key did sign; the witnesses' lines belong to the true one."""
        leaf = flip(self.leaf, self.chance)
        fork = History([leaf], Tree([leaf_hash(leaf)]))
        head = LOG.sign(fork.text(1)) + self.chance.choice(["", WITNESSES[0].cosign(fork.text(1), TIME)])
        return Shown("", Proof(0, (), head).text().encode(), leaf)

    def _shown(self, proof: Proof | None = None, leaf: bytes | None = None) -> Shown:
        text = (self.proof if proof is None else proof).text()
        return Shown("", text.encode(), self.leaf if leaf is None else leaf)

    def _path(self, change: Callable[[list[bytes], int], list[bytes]]) -> Shown:
        path = list(self.proof.hashes)
        return self._shown(replace(self.proof, hashes=tuple(change(path, self.chance.randrange(len(path))))))

    def _note(self, text: str | None = None, lines: list[Signature] | None = None) -> Shown:
        text = self.text if text is None else text
        lines = self.lines if lines is None else lines
        return self._shown(replace(self.proof, checkpoint=f"{text}\n{self._note_lines(lines)}"))

    def _line(self, place: int, line: Signature) -> Shown:
        return self._note(lines=[*self.lines[:place], line, *self.lines[place + 1 :]])

    def _cosigned(self, cosigner: Cosigner) -> Shown:
        _, lines = parse_note(LOG.sign(self.text) + cosigner.cosign(self.text, TIME))
        return self._note(lines=[*self.lines[:2], lines[1]])

    @staticmethod
    def _note_lines(lines: list[Signature]) -> str:
        return "".join(line.line() for line in lines)


_WITH_A_PATH: list[Callable[[Forger], Shown]] = [
    Forger.bit_of_the_path, Forger.hash_missing, Forger.hash_twice, Forger.path_reversed, Forger.path_of_another,
]  # fmt: skip
_ALWAYS: list[Callable[[Forger], Shown]] = [
    Forger.bit_of_the_leaf, Forger.end_of_the_leaf, Forger.another_leaf, Forger.another_index, Forger.hash_too_many,
    Forger.bit_of_the_signed_text, Forger.another_size, Forger.line_added, Forger.head_of_another_size,
    Forger.bit_of_a_signature, Forger.bit_of_a_key_id, Forger.another_name, Forger.signer_missing,
    Forger.one_witness_twice, Forger.stranger_for_a_witness, Forger.log_for_a_witness,
    Forger.witness_of_another_head, Forger.another_log_of_that_name, Forger.fork_without_witnesses,
]  # fmt: skip
