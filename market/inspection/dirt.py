"""Dirty cells (GB/T 36344 code 0305): what was damaged on the way into the file. Child alone.

A cell is dirty when it begins or ends with a blank, holds a control character, a character that nobody sees
(zero width, direction marks, byte-order mark), shows a broken encoding (U+FFFD, 锟斤拷, ``Ã©``), or is a word that
stands for nothing (:data:`PLACEHOLDERS`). Each cell counts once in each kind.
"""

from typing import Final

import polars as pl
import xxhash

from market.inspection.flat import Flat

KINDS: Final = ("blank", "control", "invisible", "broken")
"""Kinds that are counted as the cells pass by; ``placeholder`` is counted among the sorted values."""

_WORDS = (
    "-", "--", "---", "—", "——", "/", "?", "??", "???", ".", "N/A", "n/a", "NA", "#N/A", "#VALUE!", "#REF!",
    "#DIV/0!", "NULL", "null", "Null", "None", "none", "NONE", "nil", "NaN", "nan", "NAN", r"\N", "undefined",
    "unknown", "Unknown", "UNKNOWN", "TBD", "无", "空", "未知", "不详", "暂无", "缺失", "待定", "未填写",
)  # fmt: skip
PLACEHOLDERS: Final = tuple(sorted(xxhash.xxh3_64_intdigest(word.encode()) for word in _WORDS))
"""Cell values of the words that stand for nothing."""

CONTROL = r"[\x{01}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}-\x{9F}]"
INVISIBLE = r"[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]"
_BROKEN = r"\x{FFFD}|锟斤拷|烫烫烫|屯屯屯|[ÂÃ][\x{A0}-\x{BF}]|â€"
_BLANK = r"^\s|\s$"


def count(cells: pl.Series, flat: Flat) -> dict[str, int]:
    """Return how many cells are dirty in each kind, and under ``any`` how many are in any of them.

    Args:
        cells: text as it was read, null where empty.
        flat: the bytes of its filled cells.
    """
    low = bool(((flat.bytes < 32) | (flat.bytes == 127)).any())
    if flat.ascii and not low:
        blank = int(((flat.first() == 32) | (flat.last() == 32)).sum()) if len(flat) else 0
        return dict.fromkeys(KINDS, 0) | {"blank": blank, "any": blank}
    suspects = cells.filter(cells.str.contains(rf"{CONTROL}|{INVISIBLE}|{_BROKEN}|{_BLANK}"))
    found = {
        "blank": suspects.str.contains(_BLANK),
        "control": suspects.str.contains(CONTROL),
        "invisible": suspects.str.contains(INVISIBLE),
        "broken": suspects.str.contains(_BROKEN),
    }
    either = found["blank"] | found["control"] | found["invisible"] | found["broken"]
    return {kind: int(mask.sum()) for kind, mask in (found | {"any": either}).items()}
