"""The rule ``qilu-content-v1`` once more, in plain Python and slowly: what the measured digest is held against."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

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


def content_digest(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    order = sorted(range(len(names)), key=lambda place: names[place])
    lines = ["qilu-content-v1", json.dumps(sorted(names), ensure_ascii=False, separators=(",", ":"))]
    lines += sorted(_row([cell(row[place]) for place in order]) for row in rows)
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _row(cells: list[str | None]) -> str:
    text = "".join("n" if value is None else f"t{len(value.encode())}:{value}" for value in cells)
    return hashlib.sha256(text.encode()).hexdigest()
