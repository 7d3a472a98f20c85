"""What is kept of a file to know its data again: samples of its values, each under a secret of the exchange.

Whoever had bare samples could ask them which values stand in somebody's file. So of each value the first eight bytes
of HMAC-SHA256 under a secret are kept, and how many of its highest bits were zero, since samples of two levels could
not be compared otherwise. That number, six bits at most, is all that is left of a value for one who has the samples
and not the secret: it can rule out a guess, and never confirms one.
"""

import hmac
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from market.registry.containment import Sample

COLUMNS: Final = 32
"""Columns kept at most: those whose values repeat least."""
_HEAD: Final = struct.Struct(">?BIQQ")
_BITS: Final = 64


def keyed(secret: bytes, samples: Iterable[Mapping[str, Any]]) -> list[Sample]:
    """Return the samples of a table as they are kept.

    Args:
        secret: of the exchange.
        samples: as the inspection's child answers them (:func:`market.inspection.sketch.document`).
    """
    found = [_keyed(secret, one) for one in samples]
    found.sort(key=lambda one: (not one.rows, one.chance))
    return found[: COLUMNS + 1]


def pack(samples: Iterable[Sample]) -> bytes:
    """Write samples as they are stored."""
    parts = []
    for one in samples:
        count = len(one.values)
        parts.append(_HEAD.pack(one.rows, one.level, count, one.distinct, one.filled))
        parts.append(bytes(one.zeros))
        parts.append(struct.pack(f">{count}q", *one.values))
    return b"".join(parts)


def unpack(stored: bytes) -> list[Sample]:
    """Read what :func:`pack` wrote."""
    found, at = [], 0
    while at < len(stored):
        rows, level, count, distinct, filled = _HEAD.unpack_from(stored, at)
        at += _HEAD.size
        zeros = stored[at : at + count]
        at += count
        values = struct.unpack_from(f">{count}q", stored, at)
        at += 8 * count
        found.append(Sample(rows, level, distinct, filled, zeros, values))
    return found


def _keyed(secret: bytes, one: Mapping[str, Any]) -> Sample:
    hidden = sorted(_hidden(secret, value) for value in one["values"])
    zeros: Sequence[int] = bytes(-less for less, _value in hidden)
    values = [value for _less, value in hidden]
    return Sample(one["of"] == "rows", one["level"], one["distinct"], one["filled"], zeros, values)


def _hidden(secret: bytes, value: str) -> tuple[int, int]:
    """Return (minus the zeros of a value, the value under the secret as a signed number, as databases have them)."""
    raw = bytes.fromhex(value)
    zeros = _BITS - int.from_bytes(raw, "big").bit_length()
    return -zeros, int.from_bytes(hmac.digest(secret, raw, "sha256")[:8], "big", signed=True)
