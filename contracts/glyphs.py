"""Which characters a font can set, read from its ``cmap`` table (OpenType 1.9, formats 4 and 12)."""

import struct
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=8)
def covered(font: Path) -> frozenset[int]:
    """Return the code points that the OpenType font has a glyph for.

    Only the font's ``cmap`` table is read.

    Raises:
        ValueError: the font has no Unicode table in a known format.
    """
    with font.open("rb") as file:
        count = struct.unpack(">4xH6x", file.read(12))[0]
        tables = {tag: place for tag, _, *place in struct.iter_unpack(">4sIII", file.read(16 * count))}
        offset, length = tables[b"cmap"]
        file.seek(offset)
        cmap = file.read(length)
    places = [
        place for _, _, place in struct.iter_unpack(">HHI", cmap[4 : 4 + 8 * int.from_bytes(cmap[2:4])])
    ]
    found: set[int] = set()
    for place in places:
        match int.from_bytes(cmap[place : place + 2]):
            case 12:
                found |= _segmented_coverage(cmap[place:])
            case 4:
                found |= _segment_mapping(cmap[place:])
    if not found:
        raise ValueError(f"{font.name} has no Unicode character map in format 4 or 12")
    return frozenset(found)


def _segmented_coverage(table: bytes) -> set[int]:
    groups = int.from_bytes(table[12:16])
    found: set[int] = set()
    for first, last, _ in struct.iter_unpack(">III", table[16 : 16 + 12 * groups]):
        found.update(range(first, last + 1))
    return found


def _segment_mapping(table: bytes) -> set[int]:
    """Return the code points of format 4 whose glyph is not 0, by the specification's address arithmetic."""
    size = int.from_bytes(table[6:8])
    lasts, firsts, deltas, offsets = (
        struct.unpack(f">{size // 2}H", table[start : start + size])
        for start in (14, 16 + size, 16 + 2 * size, 16 + 3 * size)
    )
    found: set[int] = set()
    for index, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        for point in range(first, min(last, 0xFFFE) + 1):
            glyph = point
            if offsets[index]:
                place = 16 + 3 * size + 2 * index + offsets[index] + 2 * (point - first)
                glyph = int.from_bytes(table[place : place + 2])
                if glyph == 0:
                    continue
            if (glyph + deltas[index]) & 0xFFFF:
                found.add(point)
    return found
