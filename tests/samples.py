"""Samples of made-up tables, as the inspection's child answers them, by the obvious way: sets of hashed texts."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

from market.inspection.sketch import MOST

Table = Mapping[str, Sequence[str]]


def made(rows: int, seed: int) -> dict[str, list[str]]:
    """Return a table of twelve columns: near-unique ones, amounts that repeat, and a few words."""
    draw = random.Random(seed)
    return {
        "order": [f"62{draw.randrange(10**14):014d}" for _ in range(rows)],
        "meter": [f"2{draw.randrange(3 * 10**9, 10**10)}" for _ in range(rows)],
        "serial": [f"37{draw.randrange(10**15):015d}" for _ in range(rows)],
        "mark": [f"{draw.randrange(16**8):08x}-a" for _ in range(rows)],
        "batch": [f"批次{draw.randrange(10**6)}第{draw.randrange(10**4)}箱" for _ in range(rows)],
        "amount": [f"{draw.randrange(rows * 2) / 100:.2f}" for _ in range(rows)],
        "paid": [f"{draw.lognormvariate(5, 2):.2f}" for _ in range(rows)],
        "moment": [f"2026-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d} "
                   f"{draw.randrange(24):02d}:{draw.randrange(60):02d}:{draw.randrange(60):02d}" for _ in range(rows)],
        "remark": [f"{draw.choice('甲乙丙丁')}{draw.randrange(10**9)}" for _ in range(rows)],
        "device": [f"{draw.randrange(16**12):012x}" for _ in range(rows)],
        "city": [draw.choice(["济南", "青岛", "烟台"]) for _ in range(rows)],
        "kind": [draw.choice(["a", "b"]) for _ in range(rows)],
    }  # fmt: skip


def taken(table: Table, places: Sequence[int]) -> dict[str, list[str]]:
    """Return some rows of a table, in that order."""
    return {name: [cells[place] for place in places] for name, cells in table.items()}


def joined(one: Table, other: Table) -> dict[str, list[str]]:
    """Return the rows of two tables of the same columns, one after the other."""
    return {name: [*one[name], *other[name]] for name in one}


def document(table: Table, distinct: int = 1000) -> list[dict[str, Any]]:
    """Return the samples of a table, as :func:`market.inspection.sketch.document` does."""
    hashed = {
        name: [xxhash.xxh3_64_intdigest(cell.encode()) for cell in cells] for name, cells in table.items()
    }
    rows = [sum(values) % 2**64 for values in zip(*hashed.values(), strict=True)]
    found = [_sample("rows", rows)]
    for values in hashed.values():
        if len(set(values)) >= distinct and 2 * len(set(values)) >= len(values):
            found.append(_sample("column", values))
    return found


def _sample(of: str, values: Sequence[int]) -> dict[str, Any]:
    different, level = set(values), 0
    while sum(value >> (64 - level) == 0 for value in different) > MOST:
        level += 1
    kept = sorted(value for value in different if value >> (64 - level) == 0)
    return {
        "of": of, "level": level, "distinct": len(different), "filled": len(values),
        "values": [f"{value:016x}" for value in kept],
    }  # fmt: skip
