"""One entry of the log as a value, and the exact bytes of its leaf.

The format is final. A leaf is the canonical JSON of

    {"v": 1, "id": <uuid>, "kind": "contract.signed", "object": <handle>, "seq": <n>, "rules": <version>,
     "time": "2026-11-22T11:00:00.000Z", "c": {<field>: <64 hex>, …}}

and, for `ERASURE` alone, ``"erased": [[<entry uuid>, <field>], …]``: the openings that were destroyed.
``time`` is the writer's claim; order comes from the log. Leaves are public for ever, so every fact about people,
prices or files is a commitment in ``c``.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger import canonical
from ledger.canonical import Json
from ledger.errors import FormError, TooLargeError

VERSION = 1
MAX_LEAF = 65_535
"""Bytes; the length prefix of a C2SP entry bundle is 16 bits."""
SALT_SIZE = 32
ERASURE = "opening.erased"
"""The one kind whose leaf names openings that no longer exist."""

_KIND = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z]+")
_HANDLE = re.compile(r"[a-z2-7]{26}")
_FIELD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)*")
_FIELD_LENGTH = 100
_HASH = re.compile(r"[0-9a-f]{64}")
_TIME = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes:
        id: Given by the writer before anything is written.
        kind: ``<object>.<past participle>``.
        handle: The leaf's ``object``: 26 characters of lower-case base32, random.
        seq: Place among the entries of this handle, from 0, without a gap.
        rules: Version of the rule book in force.
        time: Aware, UTC, whole milliseconds.
        commitments: Field to commitment, 64 lower-case hex digits each.
        erased: (entry, field) of destroyed openings; only for `ERASURE`.

    Raises:
        FormError: A part is outside the format.
    """

    id: uuid.UUID
    kind: str
    handle: str
    seq: int
    rules: int
    time: datetime
    commitments: Mapping[str, str]
    erased: tuple[tuple[uuid.UUID, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a value that has no leaf."""
        _require(_KIND.fullmatch(self.kind), "kind", self.kind)
        _require(_HANDLE.fullmatch(self.handle), "handle", self.handle)
        _require(type(self.seq) is int and self.seq >= 0, "seq", self.seq)
        _require(type(self.rules) is int and self.rules >= 1, "rules", self.rules)
        _require(self.time.utcoffset() == timedelta(0), "time zone", self.time)
        _require(self.time.microsecond % 1000 == 0, "time", self.time)
        _require(bool(self.commitments), "c", "empty")
        for field, digest in self.commitments.items():
            _require(_is_field(field), "field", field)
            _require(_HASH.fullmatch(digest), "commitment", digest)
        _require(bool(self.erased) == (self.kind == ERASURE), "erased", self.kind)
        _require(len(set(self.erased)) == len(self.erased), "erased", "named twice")
        for _, field in self.erased:
            _require(_is_field(field), "erased field", field)

    def leaf(self) -> bytes:
        """Return the bytes that are hashed and published.

        Raises:
            TooLargeError: More than `MAX_LEAF` bytes; nothing was truncated.
        """
        value: dict[str, Json] = {
            "v": VERSION,
            "id": str(self.id),
            "kind": self.kind,
            "object": self.handle,
            "seq": self.seq,
            "rules": self.rules,
            "time": format_time(self.time),
            "c": self.commitments,
        }
        if self.erased:
            value["erased"] = [[str(entry), field] for entry, field in self.erased]
        data = canonical.encode(value)
        if len(data) > MAX_LEAF:
            raise TooLargeError(f"leaf of {len(data)} bytes, at most {MAX_LEAF}")
        return data


def parse(leaf: bytes) -> Entry:
    """Return the entry of a leaf.

    Raises:
        FormError: The bytes are not exactly those `Entry.leaf` gives for some entry.
    """
    if len(leaf) > MAX_LEAF:
        raise FormError(f"leaf of {len(leaf)} bytes, at most {MAX_LEAF}")
    try:
        entry = _read(canonical.decode(leaf))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormError(f"not a leaf: {error!r}") from error
    if entry.leaf() != leaf:
        raise FormError("not a leaf: unknown keys or another spelling")
    return entry


def commitment(salt: bytes, field: str, value: Json) -> str:
    """Return the commitment to `value` standing under `field`, as 64 lower-case hex digits.

    Args:
        salt: 32 random bytes, of this entry, field and subject alone: a shared salt would link them.
        field: Name under which it stands in the leaf.
        value: The committed value, in the canonical profile.

    Raises:
        FormError: The salt has another length or the value has no canonical form.
    """
    return committed(salt, field, value)[0]


def committed(salt: bytes, field: str, value: Json) -> tuple[str, bytes]:
    """Return the commitment to `value` as `commitment` does, and the canonical JSON of the value alone, encoded once.

    Raises:
        FormError: The salt has another length or the value has no canonical form.
    """
    if len(salt) != SALT_SIZE:
        raise FormError("a salt is 32 bytes")
    data = canonical.encode({field: value})
    return hashlib.sha256(b"qilu-commit-v1\0" + salt + data).hexdigest(), data[
        len(canonical.encode(field)) + 2 : -1
    ]


def format_time(time: datetime) -> str:
    """Return an aware UTC time as RFC 3339 with milliseconds and ``Z``."""
    return time.astimezone(UTC).strftime(_TIME)[:-3].zfill(23) + "Z"


def parse_time(text: str) -> datetime:
    """Return the time of `format_time`'s text.

    Raises:
        ValueError: Another form, or no such time.
    """
    time = datetime.strptime(text, _TIME + "Z").replace(tzinfo=UTC)
    if format_time(time) != text:
        raise ValueError(f"not a time in milliseconds: {text[:40]!r}")
    return time


def _read(value: Json) -> Entry:
    if not isinstance(value, dict) or value["v"] != VERSION or not isinstance(value["c"], dict):
        raise FormError(f"not a leaf of version {VERSION}")
    return Entry(
        id=uuid.UUID(value["id"]),
        kind=value["kind"],
        handle=value["object"],
        seq=value["seq"],
        rules=value["rules"],
        time=parse_time(value["time"]),
        commitments=value["c"],
        erased=tuple((uuid.UUID(entry), field) for entry, field in value.get("erased", [])),
    )


def _is_field(field: str) -> bool:
    return len(field) <= _FIELD_LENGTH and _FIELD.fullmatch(field) is not None


def _require(held: object, what: str, value: object) -> None:
    if not held:
        raise FormError(f"{what} is outside the leaf format: {str(value)[:80]!r}")
