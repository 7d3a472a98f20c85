"""The form of the common operations, and the recipe that it stands for.

Fields of a column are named by its place: ``columns.0.hide``. What cells look like is mended first, then rows are
compared, then columns are masked, left out and renamed, so that rows that differ in a column that goes are no
duplicates. Every other order, and every other operation, can be written as JSON.
"""

import json
from collections.abc import Mapping
from typing import Any

from market.errors import Invalid
from market.i18n import _
from market.inspection.cleaning.parsing import RecipeError, parse
from market.inspection.cleaning.recipe import CSV, Kind, Otherwise, Recipe
from market.registry.cleaning import refusal

WHOLE = ("invisible", "width", "trim")
"""Ticks of the whole file that are an operation by the same name on all columns, in their order."""
TICKS, TICK = frozenset({*WHOLE, "duplicates"}), "yes"
"""All ticks of the whole file, and what a tick is sent as."""
DROP, STARS = "drop", "stars"
"""What a column may be hidden by, beside a class of sensitive data."""

_Written = list[tuple[dict[str, Any], str]]
"""Operations, each with the field that stands for it."""


def names_of(form: Mapping[str, str]) -> list[str]:
    """Return the columns that a form was made for."""
    names: list[str] = []
    while (name := form.get(f"columns.{len(names)}.name")) is not None:
        names.append(name)
    return names


def recipe_of(form: Mapping[str, str]) -> Recipe:
    """Return the recipe that a form stands for; JSON where some was written.

    Raises:
        Invalid: every fault by the field of the form (``cleaning.invalid``).
    """
    _refuse_other_ticks(form)
    text = form.get("recipe", "").strip()
    written = [] if text else [*_of_cells(form), *_of_rows(form), *_of_columns(form)]
    if not (text or written or form.get("output")):
        raise _faulty({"output": [_("This is needed.")]})
    operations = [operation for operation, _field in written]
    document = {"version": 1, "output": form.get("output") or CSV, "operations": operations}
    try:
        return parse(text or json.dumps(document))
    except RecipeError as error:
        raised = refusal(error)
        by_field: dict[str, list[str]] = {}
        for path, sentences in raised.fields.items():
            field = "recipe" if text else _field_of(path, written)
            by_field.setdefault(field, []).extend(
                f"{path}: {one}" if text and path != "_schema" else one for one in sentences
            )
        raised.fields.clear()
        raised.fields.update(by_field)
        raise raised from error


def _refuse_other_ticks(form: Mapping[str, str]) -> None:
    """Refuse a tick that is sent as anything else; all other fields are read with the recipe."""
    ticks = {name: form[name] for name in form if name in TICKS or name.endswith(".filled")}
    wrong = [name for name, value in ticks.items() if value != TICK]
    if wrong:
        raise _faulty({name: [_("Choose one of these: %(choices)s.", choices=TICK)] for name in wrong})


def _faulty(fields: dict[str, list[str]]) -> Invalid:
    return Invalid(
        "cleaning.invalid", _("The recipe cannot be followed; correct what is named."), fields=fields
    )


def _field_of(path: str, written: _Written) -> str:
    part, _dot, rest = path.partition(".")
    place = rest.partition(".")[0]
    return written[int(place)][1] if part == "operations" and place.isdecimal() else path


def _of_cells(form: Mapping[str, str]) -> _Written:
    found: _Written = [({"operation": name, "columns": None}, name) for name in WHOLE if form.get(name)]
    if words := _listed(form.get("empty", "")):
        found.append(({"operation": "empty", "columns": None, "words": words}, "empty"))
    otherwise = form.get("otherwise") or Otherwise.STOP.value
    for place, name in enumerate(names_of(form)):
        at = f"columns.{place}."
        if written := _listed(form.get(at + "dates", "")):
            kept = Otherwise.EMPTY if otherwise == Otherwise.EMPTY else Otherwise.KEEP
            dates = {"operation": "dates", "columns": [name], "patterns": written, "otherwise": kept.value}
            found.append((dates, at + "dates"))
        if kind := form.get(at + "cast"):
            cast = {"operation": "cast", "column": name, "type": kind, "otherwise": otherwise}
            found.append((cast | _more(form, at, kind), at + "cast"))
    return found


def _more(form: Mapping[str, str], at: str, kind: str) -> dict[str, Any]:
    """Return what a cast to a type asks beside it."""
    if kind == Kind.DECIMAL:
        places = form.get(at + "places", "").strip() or "2"
        return {"places": int(places) if places.isdecimal() and len(places) < 3 else places}
    return {"yes": ["是", "yes", "1"], "no": ["否", "no", "0"]} if kind == Kind.BOOLEAN else {}


def _of_rows(form: Mapping[str, str]) -> _Written:
    found: _Written = []
    filled = [name for place, name in enumerate(names_of(form)) if form.get(f"columns.{place}.filled")]
    if filled:
        found.append(({"operation": "drop_rows", "columns": filled}, "columns.0.filled"))
    if form.get("duplicates"):
        found.append(({"operation": "drop_duplicates"}, "duplicates"))
    return found


def _of_columns(form: Mapping[str, str]) -> _Written:
    masks, drops, names = [], [], []
    for place, name in enumerate(names_of(form)):
        at = f"columns.{place}."
        hide, new = form.get(at + "hide", ""), form.get(at + "rename", "").strip()
        if hide == DROP:
            drops.append((name, at + "hide"))
        elif hide:
            how = {"first": 0, "last": 0} if hide == STARS else {"class": hide}
            masks.append(({"operation": "mask", "column": name, **how}, at + "hide"))
        if new and hide != DROP:
            names.append(({"operation": "rename", "column": name, "name": new}, at + "rename"))
    dropped: _Written = []
    if drops:
        columns = [name for name, _field in drops]
        dropped = [({"operation": "drop_columns", "columns": columns}, drops[0][1])]
    return [*masks, *dropped, *names]


def _listed(text: str) -> list[str]:
    """Return what stands between commas, each once."""
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    return list(dict.fromkeys(part for part in parts if part))
