"""The rule ``qilu-content-2`` once more, in plain Python and slowly: what the measured digest is held against."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

import xxhash

NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?")
DATE = re.compile(r"([1-9][0-9]{3})([-/])([0-9]{1,2})\2([0-9]{1,2})")
MOMENT = re.compile(
    r"([1-9][0-9]{3})-([0-9]{1,2})-([0-9]{1,2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(Z?)"
)


def cell(text: str | None) -> str | None:
    if not text:
        return None
    if NUMBER.fullmatch(text):
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if found := DATE.fullmatch(text):
        try:
            return date(int(found[1]), int(found[3]), int(found[4])).isoformat()
        except ValueError:
            return text
    if found := MOMENT.fullmatch(text):
        try:
            moment = datetime.fromisoformat("{}-{:0>2}-{:0>2}T{}:{}:{}".format(*found.groups()[:6]))
        except ValueError:
            return text
        fraction = (found[7] or "").rstrip("0")
        return moment.isoformat(sep=" ") + (f".{fraction}" if fraction else "") + found[8]
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def kind(text: str) -> str:
    if DATE.fullmatch(text):
        return "date" if _real(DATE, text, 3, 4) else "text"
    if found := MOMENT.fullmatch(text):
        fine = int(found[4]) < 24 and int(found[5]) < 60 and int(found[6]) < 60
        return "moment" if fine and _real(MOMENT, text, 2, 3) else "text"
    return "number" if NUMBER.fullmatch(text) else "text"


def _real(shape: re.Pattern[str], text: str, month: int, day: int) -> bool:
    found = shape.fullmatch(text)
    assert found
    try:
        date(int(found[1]), int(found[month]), int(found[day]))
    except ValueError:
        return False
    return True


def value(text: str | None) -> int:
    return 0 if text is None else xxhash.xxh3_64_intdigest(text.encode())


def column_digest(cells: Sequence[str | None]) -> str:
    values = sorted(value(cell(text)) for text in cells)
    return xxhash.xxh3_128_hexdigest(b"".join(one.to_bytes(8, "big") for one in values if one))


def content_digest(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    digests = [column_digest([row[place] for row in rows]) for place in range(len(names))]
    keys = []
    for name, digest in zip(names, digests, strict=True):
        alike = sorted(other for other, same in zip(names, digests, strict=True) if same == digest)
        hashed = hashlib.sha256(f"{digest}:{alike.index(name)}".encode()).digest()
        keys.append(int.from_bytes(hashed[:8], "big") | 1)
    sums = sorted(
        sum(value(cell(text)) * key for text, key in zip(row, keys, strict=True)) % 2**64 for row in rows
    )
    opening = "".join(f"{line}\n" for line in ("qilu-content-2", len(rows), *sorted(digests)))
    return hashlib.sha256(
        opening.encode() + b"".join(one.to_bytes(8, "big") for one in sums if one)
    ).hexdigest()
