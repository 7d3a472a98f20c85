"""What a log asks a witness for and what it answers (C2SP tlog-witness), as bytes: for both sides."""

from dataclasses import dataclass

from ledger.canonical import from_base64, from_decimal, to_base64
from ledger.errors import FormError
from ledger.merkle import HASH_SIZE
from ledger.note import parse_note

SIZE_TYPE = "text/x.tlog.size"
"""Media type of the answer that tells which size was cosigned last."""
TEXT_TYPE = "text/plain; charset=utf-8"
MAX_PROOF = 63
"""Lines of a consistency proof in a request."""
MAX_REQUEST = 131_072
"""Bytes of a request: the longest proof and the longest note."""
MAX_SIZE = 2**63 - 1


@dataclass(frozen=True)
class Request:
    """What a log asks a witness for.

    Attributes:
        old: size of the head that the witness cosigned last, as the log believes.
        proof: consistency proof from there.
        note: the head to cosign, signed by its log.
    """

    old: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *map(to_base64, self.proof), "", self.note]
        return "\n".join(lines).encode()


@dataclass(frozen=True)
class Answer:
    """What a witness answers: an HTTP status and a text."""

    status: int
    text: str
    media_type: str = TEXT_TYPE


def parse_request(body: bytes) -> Request:
    """Return what a body asks for.

    Raises:
        FormError: It is not a request.
    """
    if len(body) > MAX_REQUEST:
        raise FormError("the request is too long")
    try:
        head, blank, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise FormError("the request is not UTF-8") from error
    old, *lines = head.split("\n")
    if not blank or not old.startswith("old ") or len(lines) > MAX_PROOF:
        raise FormError(
            f"a request is 'old <size>', at most {MAX_PROOF} hashes, a blank line and a checkpoint"
        )
    proof = tuple(from_base64(line) for line in lines)
    if any(len(digest) != HASH_SIZE for digest in proof):
        raise FormError("a hash is 32 bytes")
    parse_note(note)
    return Request(checked_size(from_decimal(old.removeprefix("old "))), proof, note)


def checked_size(size: int) -> int:
    """Return a size that the database can hold.

    Raises:
        FormError: It is larger.
    """
    if size > MAX_SIZE:
        raise FormError(f"a size is at most {MAX_SIZE}")
    return size
