"""How dates are written: patterns such as ``YYYY年M月D日`` or ``DD.MM.YYYY hh:mm``.

``YYYY`` is the year (1000 to 9999), ``MM`` and ``DD`` are month and day in two figures, ``M`` and ``D`` in one or
two; ``hh``, ``mm`` and ``ss`` are hour (00 to 23), minute and second. All else stands for itself, but no
letter of the Latin alphabet other than ``T`` may. Each part stands once; a time has at least hour and minute.
A part of one or two figures is not next to another part, since ``1112`` could then be read in two ways.
"""

import re
from dataclasses import dataclass

_PARTS = {
    "YYYY": r"(?<year>[1-9][0-9]{3})",
    "MM": r"(?<month>[0-9]{2})",
    "M": r"(?<month>[0-9]{1,2})",
    "DD": r"(?<day>[0-9]{2})",
    "D": r"(?<day>[0-9]{1,2})",
    "hh": r"(?<hour>[01][0-9]|2[0-3])",
    "mm": r"(?<minute>[0-5][0-9])",
    "ss": r"(?<second>[0-5][0-9])",
}
_TOKEN = re.compile(r"YYYY|MM?|DD?|hh|mm|ss")
_LOOSE = frozenset({"M", "D"})


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read.

    Attributes:
        regex: matches a whole cell, with groups ``year``, ``month``, ``day`` and perhaps ``hour``, ``minute``,
            ``second``; for Polars, whose syntax it has.
        timed: whether it holds a time.
        seconds: whether that has seconds.
    """

    regex: str
    timed: bool
    seconds: bool


def read(text: str) -> Pattern | None:
    """Return what a pattern says, None when it is none."""
    seen: list[str] = []
    regex, end = "", -1
    for found in _TOKEN.finditer(text):
        literal = text[max(end, 0) : found.start()]
        if re.search("[0-9A-SU-Za-z]", literal):
            return None
        adjoining = end == found.start()
        if adjoining and (found[0] in _LOOSE or seen[-1] in _LOOSE):
            return None
        regex += re.escape(literal) + _PARTS[found[0]]
        seen.append(found[0])
        end = found.end()
    rest = text[max(end, 0) :]
    if re.search("[0-9A-SU-Za-z]", rest):
        return None
    parts = sorted(part[0] if part in {"MM", "DD"} else part for part in seen)
    if parts not in (
        ["D", "M", "YYYY"],
        ["D", "M", "YYYY", "hh", "mm"],
        ["D", "M", "YYYY", "hh", "mm", "ss"],
    ):
        return None
    return Pattern(f"^(?:{regex}{re.escape(rest)})$", "hh" in parts, "ss" in parts)
