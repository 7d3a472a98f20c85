"""Declarations in the words of others: what they have in common when they are read."""

import json
from dataclasses import dataclass
from typing import Any

from market.inspection.declared import model
from market.inspection.declared.faults import Fault, Invalid
from market.inspection.declared.model import Declared

SIZE = 512 * 1024
"""Longest foreign document that is read, in characters."""
_DROPPED = ("minimum", "maximum", "pattern", "allowed", "longest", "personal", "unit", "description")


@dataclass(frozen=True)
class Taken:
    """What was made of a foreign document.

    Attributes:
        declared: what could be taken over.
        notes: what could not, with its place in the document.
    """

    declared: Declared
    notes: tuple[Fault, ...]


def left(path: str) -> Fault:
    """Return the note that something is not taken over."""
    return Fault(path, "declared.not_taken")


def rest(values: dict[str, Any], known: tuple[str, ...], path: str) -> list[Fault]:
    """Return a note for every member that is filled and not known."""
    return [left(f"{path}.{name}"[:200]) for name, value in values.items() if value and name not in known]


def settle(document: dict[str, Any], notes: list[Fault]) -> Taken:
    """Make a declaration; a bound, a pattern or a rule that cannot be taken is left out and noted.

    Args:
        document: as :func:`market.inspection.declared.model.build` takes it.
        notes: what was left out before.

    Raises:
        Invalid: what remains is no declaration.
    """
    while True:
        try:
            return Taken(model.build(document), tuple(notes))
        except Invalid as error:
            rules = {fault.path.split(".")[1] for fault in error.faults if fault.path.startswith("rules.")}
            for place in sorted(map(int, rules), reverse=True):
                del document["rules"][place]
            if not all(_drop(document, fault) for fault in error.faults):
                raise
            notes.extend(error.faults)


def _drop(document: dict[str, Any], fault: Fault) -> bool:
    """Leave out the member of a column that a fault is about; tell whether the fault is gone then."""
    part, _dot, after = fault.path.partition(".")
    place, _dot, name = after.partition(".")
    if part == "rules" and place.isdigit():
        return True
    if part == "columns" and name in _DROPPED:
        document["columns"][int(place)].pop(name, None)
        return True
    return False


def parsed(text: str, most: int = SIZE) -> dict[str, Any]:
    """Read JSON with numbers as they are written.

    Args:
        text: the document.
        most: characters that are read.

    Raises:
        Invalid: it is too long, no JSON, or no object.
    """
    if len(text) > most:
        raise Invalid(Fault("", "declared.size", {"most": most}))
    try:
        document = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise Invalid(Fault("", "declared.json")) from error
    if not isinstance(document, dict):
        raise Invalid(Fault("", "declared.shape"))
    return document


def objects(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of objects, none when it is absent.

    Raises:
        Invalid: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Invalid(Fault(path, "declared.shape"))
    return value


def written(value: Any) -> str | None:
    """Return a plain value as a cell would have it; None for none, lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else None


def whole(value: Any) -> int | None:
    """Return a whole number, also where it is given as text; None otherwise."""
    text = written(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
