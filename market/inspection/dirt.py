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

_SAFE = (
    r"\x{09}\x{0A}\x{0D}\x{20}-\x{7E}\x{A0}-\x{AC}\x{AE}-\x{2FF}\x{3001}-\x{3029}\x{3041}-\x{3096}"
    r"\x{30A1}-\x{30FA}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{FF01}-\x{FF5E}"
)
"""Characters that Unicode normalisation leaves alone and that are not dirt, whatever stands beside them."""
CONTROL = r"[\x{01}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}-\x{9F}]"
INVISIBLE = r"[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]"
_BROKEN = r"\x{FFFD}|锟斤拷|烫烫烫|屯屯屯|[ÂÃ][\x{A0}-\x{BF}]|â€"
_BLANK = r"^\s|\s$"
_SUSPECT = rf"[^{_SAFE}]|[ÂÃâ]|锟斤拷|烫烫烫|屯屯屯|{_BLANK}"


def suspects(cells: pl.Series, flat: Flat) -> pl.Series | None:
    """Return which cells may be dirty or change under Unicode normalisation; None when none may.

    Args:
        cells: text as it was read, null where empty.
        flat: the bytes of its filled cells.
    """
    if flat.ascii and flat.lowest >= 32 and not flat.has_byte(127):
        blank = bool(((flat.first == 32) | (flat.last == 32)).any())
        return cells.str.contains(_BLANK) if blank else None
    found = cells.str.contains(_SUSPECT)
    return found if found.any() else None


def count(cells: pl.Series, suspect: pl.Series | None) -> dict[str, int]:
    """Return how many cells are dirty in each kind, and under ``any`` how many are in any of them.

    Args:
        cells: text as it was read, null where empty.
        suspect: what :func:`suspects` says of them.
    """
    if suspect is None:
        return dict.fromkeys((*KINDS, "any"), 0)
    chosen = cells.filter(suspect)
    found = {
        "blank": chosen.str.contains(_BLANK),
        "control": chosen.str.contains(CONTROL),
        "invisible": chosen.str.contains(INVISIBLE),
        "broken": chosen.str.contains(_BROKEN),
    }
    either = found["blank"] | found["control"] | found["invisible"] | found["broken"]
    return {kind: int(mask.sum()) for kind, mask in (found | {"any": either}).items()}
