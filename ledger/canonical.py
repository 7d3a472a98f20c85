"""Texts with exactly one form: canonical JSON, base64, decimal numbers.

Evidence in which two texts mean the same is evidence in which a bit can be flipped unnoticed, so each decoder
here accepts only what the encoder would write.
"""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ledger.errors import FormError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

_LIMIT = 2**53
_MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def encode(value: Json) -> bytes:
    """Return `value` as canonical JSON (RFC 8785), within a profile where the standard encoder is exact.

    Raises:
        FormError: A float, an integer of 2^53 or more, a key that is not ASCII, a text that is not NFC or holds
            a lone surrogate, or nesting deeper than 32: the value has no canonical form here.
    """
    _check(value, 0)
    return _write(value).encode()


def decode(data: bytes) -> Json:
    """Return the value of canonical JSON bytes.

    Raises:
        FormError: The bytes are not JSON, or not the bytes `encode` would give (order, spaces, duplicate keys).
    """
    try:
        value: Json = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormError(f"not JSON: {error}") from error
    if encode(value) != data:
        raise FormError("JSON is not in canonical form")
    return value


def _check(value: object, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise FormError("nested too deeply")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) >= _LIMIT:
            raise FormError("an integer must be below 2^53")
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise FormError(f"key must be ASCII text: {key!r}")
            _check(member, depth + 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member, depth + 1)
    else:
        raise FormError(f"no canonical form for {type(value).__name__}")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    if not unicodedata.is_normalized("NFC", text):
        raise FormError("text must be in Unicode form NFC")
    if _SURROGATE.search(text):
        raise FormError("text holds a lone surrogate")


def to_base64(data: bytes) -> str:
    """Return `data` in standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes of standard base64.

    Raises:
        FormError: Not base64, or encoding the bytes again gives another text (spare bits, missing padding).
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise FormError(f"not base64: {error}") from error
    if to_base64(data) != text:
        raise FormError("base64 is not in its only form")
    return data


def from_decimal(text: str) -> int:
    """Return a number of at most 19 decimal digits, without sign or leading zeros.

    Raises:
        FormError: Any other text.
    """
    if not _DECIMAL.fullmatch(text):
        raise FormError(f"not a decimal number: {text[:40]!r}")
    return int(text)
