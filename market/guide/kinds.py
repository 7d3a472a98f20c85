"""What each kind of ledger entry says."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from market.steps import Kind

Meanings = list[tuple[str, list[tuple[str, Mapping[str, str]]]]]


@cache
def meanings() -> Mapping[str, Mapping[str, str]]:
    """Return kind -> its meaning by language."""
    return tomllib.loads((Path(__file__).parent / "kinds.toml").read_text("utf-8"))


def by_object() -> Meanings:
    """Return (object, [(kind, meaning)]) in the order of the list, as the page shows them."""
    known = meanings()
    grouped: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for kind in Kind:  # the list only grows at its end, so an object's kinds need not stand together
        grouped.setdefault(kind.value.split(".")[0], []).append((kind.value, known[kind.value]))
    return list(grouped.items())
