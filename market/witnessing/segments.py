"""Pieces of a log's journal on their way to a mirror and back, and the questions about them, as bytes for both sides.

A segment is a note that its log signed, a blank line and the sealed records of consecutive entries. The note names the
entries and the digest of the sealed bytes, so the mirror can tell whose it is, in its place and whole, without reading
it. None of these notes can be taken for a checkpoint: the second line of a checkpoint is a number, here it is the
origin, which is the name of the key that signs.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ledger.canonical import from_decimal
from ledger.entry import format_time, parse_time
from ledger.errors import FormError, ProofError
from ledger.note import MAX_NOTE, Signer, VerifierKey, open_note
from ledger.request import checked_size
from market import sealing
from market.steps import journal
from market.steps.journal import Record

SEGMENT: Final = "qilu-journal/v1"
NEXT: Final = "qilu-journal-next/v1"
READ: Final = "qilu-journal-read/v1"
MOST_SEALED: Final = 16 * 1024 * 1024
"""Bytes of a sealed segment: four times what is put into one, since a single record may be larger."""
MOST_BODY: Final = MOST_SEALED + 4 * MAX_NOTE
MOST_QUESTION: Final = 4 * MAX_NOTE
FRESH: Final = timedelta(minutes=10)
"""How far a question's time may lie from the mirror's clock; older ones are somebody's recording."""


@dataclass(frozen=True)
class Segment:
    """Sealed records of consecutive entries.

    Attributes:
        origin: of the log.
        first: index of the first entry.
        size: how many.
        sealed: their records.
    """

    origin: str
    first: int
    size: int
    sealed: bytes

    @property
    def end(self) -> int:
        """The index after the last entry."""
        return self.first + self.size

    def text(self) -> str:
        """Return what the log signs."""
        digest = hashlib.sha256(self.sealed).hexdigest()
        return f"{SEGMENT}\n{self.origin}\n{self.first}\n{self.size}\n{digest}\n"

    def body(self, signer: Signer) -> bytes:
        """Return the bytes that travel and lie at the mirror."""
        return signer.sign(self.text()).encode() + b"\n" + self.sealed

    def records(self, keys: Sequence[X25519PrivateKey]) -> list[Record]:
        """Return what was sealed for one of some keys.

        Raises:
            ProofError: it was sealed for none of them or as something else.
            FormError: it holds other records than it says.
        """
        lines = sealing.unseal(keys, _context(self.origin, self.first, self.size), self.sealed).split(b"\n")
        found = [journal.decode(line) for line in lines]
        if [one.index for one in found] != list(range(self.first, self.end)):
            raise FormError(f"the segment from {self.first} on holds other records than it says")
        return found


def seal(key: X25519PublicKey, origin: str, records: Sequence[Record]) -> Segment:
    """Return a segment of consecutive records, at least one.

    Raises:
        TooLargeError: they are too many bytes.
    """
    first, size = records[0].index, len(records)
    data = b"\n".join(record.encode() for record in records)
    return Segment(origin, first, size, sealing.seal(key, _context(origin, first, size), data))


def origin_of(body: bytes) -> str:
    """Return whose journal a body claims to be about: the second line, nothing of it checked."""
    return body[: MAX_NOTE * 4].partition(b"\n")[2].partition(b"\n")[0].decode("utf-8", "replace")


def parse(body: bytes, keys: Iterable[VerifierKey]) -> Segment:
    """Return the segment of a body.

    Args:
        body: from :meth:`Segment.body`.
        keys: of its log.

    Raises:
        FormError: it is none, or too large.
        ProofError: the log did not sign it, or signed other bytes.
    """
    lines, length = note_of(body, keys)
    sealed = body[length:]
    if not 0 < len(sealed) <= MOST_SEALED:
        raise FormError(f"a segment has at most {MOST_SEALED} sealed bytes")
    segment = Segment(lines[1], _number(lines[2]), _number(lines[3]), sealed)
    checked_size(segment.end)
    if segment.size < 1 or segment.text() != "\n".join(lines) + "\n":
        raise ProofError("the sealed bytes are not those that the log signed")
    return segment


def note_of(body: bytes, keys: Iterable[VerifierKey]) -> tuple[list[str], int]:
    """Return the lines of the signed note that a body begins with, and where the sealed bytes begin.

    Args:
        body: of a segment, or its first :data:`MOST_QUESTION` bytes.
        keys: of its log.

    Raises:
        FormError: there is no such note.
        ProofError: the log did not sign it.
    """
    end = body.find(b"\n\n", body.find(b"\n\n") + 2)
    if not 0 < end <= MOST_QUESTION - 2:
        raise FormError("a segment is a signed note, a blank line and sealed bytes")
    return _opened(body[: end + 1], keys, SEGMENT, 5), end + 2


def question(signer: Signer, kind: str, first: int, now: datetime) -> bytes:
    """Return the body of a question of the signer's log.

    Args:
        signer: a key of the log.
        kind: :data:`NEXT` or :data:`READ`.
        first: index of the entry that is asked for; 0 where none is.
        now: by our clock.
    """
    return signer.sign(f"{kind}\n{signer.name}\n{first}\n{format_time(now)}\n").encode()


def asked(body: bytes, keys: Iterable[VerifierKey], kind: str, now: datetime) -> int:
    """Return the index that a question names.

    Raises:
        FormError: it is no such question.
        ProofError: the log did not sign it, or not just now.
    """
    lines = _opened(body, keys, kind, 4)
    try:
        said = parse_time(lines[3])
    except ValueError as error:
        raise FormError(str(error)) from error
    if abs(said - now) > FRESH:
        raise ProofError("the question is not of now: set the clocks right")
    return _number(lines[2])


def _opened(note: bytes, keys: Iterable[VerifierKey], kind: str, count: int) -> list[str]:
    """Return the lines of a note that the log signed which its second line names."""
    try:
        text, signed = open_note(note.decode("utf-8"), keys)
    except UnicodeDecodeError as error:
        raise FormError("not UTF-8") from error
    lines = text[:-1].split("\n")
    if len(lines) != count or lines[0] != kind:
        raise FormError(f"not {kind}")
    if all(key.name != lines[1] for key in signed):
        raise ProofError(f"signed by another log than {lines[1]}")
    return lines


def _number(text: str) -> int:
    return checked_size(from_decimal(text))


def _context(origin: str, first: int, size: int) -> bytes:
    return f"{SEGMENT}\n{origin}\n{first}\n{size}\n".encode()
